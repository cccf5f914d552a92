#include "services/iam/core/one_time_codes.hpp"

#include <fmt/format.h>

#include "base/checksums.hpp"

namespace aviary::iam {
namespace {

std::string decode_base32(std::string_view text) {
  std::string bytes;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    buffer = (buffer << 5U) | (value & 31U);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(buffer >> static_cast<unsigned>(bits)));
  }
  return bytes;
}

/// RFC 2104.
std::string hmac_sha1(std::string key, std::string_view bytes) {
  constexpr std::size_t block = 64;
  if (key.size() > block) key = sha1(key);
  key.resize(block, '\0');
  std::string inner = key;
  std::string outer = std::move(key);
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return sha1(outer + sha1(inner.append(bytes)));
}

}  // namespace

std::string one_time_code(std::string_view seed, std::int64_t step) {
  std::string counter(8, '\0');
  auto rest = static_cast<std::uint64_t>(step);
  for (auto place = counter.rbegin(); place != counter.rend(); ++place, rest >>= 8U)
    *place = static_cast<char>(rest & 0xffU);
  const std::string digest = hmac_sha1(decode_base32(seed), counter);
  const auto byte = [&digest](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(digest[index]));
  };
  const std::size_t at = byte(digest.size() - 1) & 15U;
  const std::uint32_t number =
      ((byte(at) & 0x7fU) << 24U) | (byte(at + 1) << 16U) | (byte(at + 2) << 8U) | byte(at + 3);
  return fmt::format("{:06}", number % 1'000'000);
}

std::int64_t code_step(Instant now) {
  return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() / 30;
}

std::optional<std::int64_t> clock_of_device(std::string_view seed, std::string_view first,
                                            std::string_view second, Instant now, std::int64_t most) {
  const std::int64_t here = code_step(now);
  for (std::int64_t away = 0; away <= most; ++away)
    for (const std::int64_t last : {here - away, here + away})
      if (one_time_code(seed, last) == second && one_time_code(seed, last - 1) == first) return last - here;
  return std::nullopt;
}

}  // namespace aviary::iam
