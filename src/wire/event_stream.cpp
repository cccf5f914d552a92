#include "wire/event_stream.hpp"

#include <zlib.h>

#include <cstdint>

namespace aviary::wire {
namespace {

constexpr char string_type = 7;

void append_u32(std::string& out, std::uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(number >> shift & 0xFF);
}

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())));
}

}  // namespace

// https://smithy.io/2.0/aws/amazon-eventstream.html
std::string event_message(const std::vector<std::pair<std::string_view, std::string_view>>& headers,
                          std::string_view payload) {
  std::string encoded;
  for (const auto& [name, value] : headers) {
    encoded += static_cast<char>(name.size());
    encoded += name;
    encoded += string_type;
    encoded += static_cast<char>(value.size() >> 8 & 0xFF);
    encoded += static_cast<char>(value.size() & 0xFF);
    encoded += value;
  }
  std::string message;
  message.reserve(16 + encoded.size() + payload.size());
  append_u32(message, static_cast<std::uint32_t>(16 + encoded.size() + payload.size()));
  append_u32(message, static_cast<std::uint32_t>(encoded.size()));
  append_u32(message, checksum(message));
  message += encoded;
  message += payload;
  append_u32(message, checksum(message));
  return message;
}

std::string event_message(std::string_view event_type, std::string_view content_type,
                          std::string_view payload) {
  return event_message(
      {{":event-type", event_type}, {":content-type", content_type}, {":message-type", "event"}}, payload);
}

}  // namespace aviary::wire
