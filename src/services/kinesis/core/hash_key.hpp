#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aviary::kinesis {

/// Where in a stream a record belongs: 128 bits, unsigned.
__extension__ typedef unsigned __int128 HashKey;
inline constexpr HashKey last_hash_key = ~HashKey{0};

/// Of decimal digits; nothing for what is none, or is beyond 2^128-1.
std::optional<HashKey> parse_hash_key(std::string_view text);
std::string hash_key_text(HashKey key);
/// The MD5 of a partition key, as a number.
HashKey hash_key_of(std::string_view partition_key);

struct HashRange {
  HashKey first = 0;
  HashKey last = last_hash_key;  ///< inclusive
  bool has(HashKey key) const { return first <= key && key <= last; }
  bool operator==(const HashRange&) const = default;
};

/// As AWS cuts a new stream: `count` ranges of one size, the last one up to the end.
std::vector<HashRange> uniform_ranges(std::uint32_t count);

}  // namespace aviary::kinesis
