#include "services/logs/core/payload.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <stdexcept>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace aviary::logs {
namespace {

/// How long the well-formed character at the start of `text` is; 0 if there is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  return is_utf8(text.substr(0, length)) ? length : 0;
}

}  // namespace

std::string to_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string repaired;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    repaired += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return repaired;
}

std::string event_id(EventKey key) {
  return fmt::format("3{:020}{:035}", static_cast<std::uint64_t>(key.timestamp), key.sequence);
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int gzip_window = 15 + 16;
  constexpr int memory_level = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib does not start");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string subscription_message(std::string_view account, std::string_view group, std::string_view stream,
                                 std::string_view filter, bool of_account,
                                 const std::vector<SubscribedEvent>& events) {
  OrderedJson message{{"messageType", "DATA_MESSAGE"},
                      {"owner", account},
                      {"logGroup", group},
                      {"logStream", stream},
                      {"subscriptionFilters", OrderedJson::array({filter})}};
  if (of_account) message["policyLevel"] = "ACCOUNT_LEVEL_POLICY";
  OrderedJson& rows = message["logEvents"] = OrderedJson::array();
  for (const SubscribedEvent& event : events) {
    OrderedJson row{{"id", event_id(event.key)}, {"timestamp", event.key.timestamp}, {"message", event.text}};
    // Names without their dollar sign, as in AWS's example of a flow log.
    if (!event.fields.empty()) {
      OrderedJson& fields = row["extractedFields"] = OrderedJson::object();
      for (const auto& [name, value] : event.fields) fields[name.substr(1)] = value;
    }
    rows.push_back(std::move(row));
  }
  return message.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace aviary::logs
