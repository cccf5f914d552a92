#include "services/kinesis/core/sequence_number.hpp"

#include <fmt/format.h>

#include <charconv>

namespace aviary::kinesis {
namespace {

constexpr std::string_view sequence_head = "49";
constexpr std::string_view sequence_middle = "000000000000000000000000";
constexpr std::string_view shard_head = "shardId-";

template <class Number>
std::optional<Number> digits_of(std::string_view text) {
  Number number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string sequence_text(const SequenceNumber& number) {
  return fmt::format("{}{:020}{}{:010}", sequence_head, number.number, sequence_middle, number.shard);
}

std::optional<SequenceNumber> parse_sequence(std::string_view text) {
  if (text.size() != 56 || !text.starts_with(sequence_head) || text.substr(22, 24) != sequence_middle)
    return std::nullopt;
  const auto number = digits_of<std::uint64_t>(text.substr(2, 20));
  const auto shard = digits_of<std::uint32_t>(text.substr(46));
  if (!number || !shard) return std::nullopt;
  return SequenceNumber{.number = *number, .shard = *shard};
}

std::string shard_id(std::uint32_t index) { return fmt::format("{}{:012}", shard_head, index); }

std::optional<std::uint32_t> parse_shard_id(std::string_view id) {
  if (!id.starts_with(shard_head) || id.size() != shard_head.size() + 12) return std::nullopt;
  return digits_of<std::uint32_t>(id.substr(shard_head.size()));
}

}  // namespace aviary::kinesis
