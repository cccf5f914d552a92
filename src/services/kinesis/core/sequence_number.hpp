#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aviary::kinesis {

/// A record's place among all records of all streams, and the shard that it is in.
struct SequenceNumber {
  std::uint64_t number = 0;  ///< never given twice, ever growing
  std::uint32_t shard = 0;
  bool operator==(const SequenceNumber&) const = default;
};

/// 56 digits, as AWS's have: they sort as numbers and as texts.
std::string sequence_text(const SequenceNumber& number);
/// Nothing for what this emulator has not made.
std::optional<SequenceNumber> parse_sequence(std::string_view text);

/// `shardId-000000000003`
std::string shard_id(std::uint32_t index);
std::optional<std::uint32_t> parse_shard_id(std::string_view id);

}  // namespace aviary::kinesis
