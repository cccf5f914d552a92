#include "services/kinesis/core/shard_iterator.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "base/encoding.hpp"

namespace aviary::kinesis {
namespace {

std::string seal_of(std::string_view text) { return sha256(text).substr(0, 9); }

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string ShardIterator::encode() const {
  const std::string text = fmt::format("1/{}/{}/{}/{}/{}/{}/{}", stream.scope.account, stream.scope.region,
                                       stream.name, uid, shard, number, made.time_since_epoch().count());
  return base64_encode(seal_of(text) + text);
}

std::optional<ShardIterator> ShardIterator::decode(std::string_view text) {
  const std::optional<std::string> plain = base64_decode(text);
  if (!plain || plain->size() < 9) return std::nullopt;
  std::string_view rest = std::string_view(*plain).substr(9);
  if (seal_of(rest) != plain->substr(0, 9)) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::size_t slash; (slash = rest.find('/')) != std::string_view::npos; rest.remove_prefix(slash + 1))
    parts.push_back(rest.substr(0, slash));
  parts.push_back(rest);
  if (parts.size() != 8 || parts[0] != "1") return std::nullopt;
  ShardIterator iterator{
      .stream = {.scope = {.account = std::string(parts[1]), .region = std::string(parts[2])},
                 .name = std::string(parts[3])},
      .uid = std::string(parts[4])};
  Duration::rep made = 0;
  if (!read_number(parts[5], iterator.shard) || !read_number(parts[6], iterator.number) ||
      !read_number(parts[7], made))
    return std::nullopt;
  iterator.made = Instant(Duration(made));
  return iterator;
}

}  // namespace aviary::kinesis
