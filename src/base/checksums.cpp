#include "base/checksums.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

namespace aviary {
namespace {

std::string evp_digest(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// Of a reflected polynomial.
template <class Word>
constexpr std::array<Word, 256> crc_table(Word polynomial) {
  std::array<Word, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    Word value = static_cast<Word>(i);
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
    table[i] = value;
  }
  return table;
}

template <class Word>
std::string crc(const std::array<Word, 256>& table, std::string_view bytes) {
  Word value = ~Word{0};
  for (const char c : bytes) value = table[(value ^ static_cast<unsigned char>(c)) & 0xFF] ^ value >> 8;
  value = ~value;
  std::string out(sizeof(Word), '\0');
  for (std::size_t i = 0; i < sizeof(Word); ++i)
    out[i] = static_cast<char>(value >> (8 * (sizeof(Word) - 1 - i)) & 0xFF);
  return out;
}

}  // namespace

std::string sha1(std::string_view bytes) { return evp_digest(EVP_sha1(), bytes); }

std::string crc32(std::string_view bytes) {
  static constexpr auto table = crc_table<std::uint32_t>(0xEDB88320);
  return crc<std::uint32_t>(table, bytes);
}
std::string crc32c(std::string_view bytes) {
  static constexpr auto table = crc_table<std::uint32_t>(0x82F63B78);
  return crc<std::uint32_t>(table, bytes);
}
std::string crc64nvme(std::string_view bytes) {
  static constexpr auto table = crc_table<std::uint64_t>(0x9A6C9329AC4BC9B5);
  return crc<std::uint64_t>(table, bytes);
}

}  // namespace aviary
