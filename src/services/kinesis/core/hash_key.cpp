#include "services/kinesis/core/hash_key.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/md5.hpp"

namespace aviary::kinesis {

std::optional<HashKey> parse_hash_key(std::string_view text) {
  if (text.empty() || text.size() > 39) return std::nullopt;
  HashKey key = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<HashKey>(c - '0');
    if (key > (last_hash_key - digit) / 10) return std::nullopt;
    key = key * 10 + digit;
  }
  return key;
}

std::string hash_key_text(HashKey key) {
  std::string text;
  do {
    text += static_cast<char>('0' + static_cast<int>(key % 10));
    key /= 10;
  } while (key != 0);
  std::ranges::reverse(text);
  return text;
}

HashKey hash_key_of(std::string_view partition_key) {
  HashKey key = 0;
  for (const char byte : md5(partition_key)) key = key << 8 | static_cast<unsigned char>(byte);
  return key;
}

std::vector<HashRange> uniform_ranges(std::uint32_t count) {
  if (count <= 1) return {HashRange{}};
  // 2^128 / count, without 2^128.
  const HashKey width = last_hash_key / count + (last_hash_key % count == count - 1 ? 1 : 0);
  std::vector<HashRange> ranges;
  ranges.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    ranges.push_back({.first = width * i, .last = i + 1 == count ? last_hash_key : width * (i + 1) - 1});
  return ranges;
}

}  // namespace aviary::kinesis
