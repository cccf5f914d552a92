#include "services/s3/api/ranges.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

std::optional<std::uint64_t> offset_in(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::optional<Range>> range_in(std::string_view text, std::uint64_t size) {
  static constexpr std::string_view unit = "bytes=";
  const std::optional<Range> whole;
  if (!text.starts_with(unit) || text.find(',') != std::string_view::npos) return whole;
  const std::string_view span = text.substr(unit.size());
  const std::size_t dash = span.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::optional<std::uint64_t> first = offset_in(span.substr(0, dash));
  const std::optional<std::uint64_t> last = offset_in(span.substr(dash + 1));
  AwsError outside(models::s3::errors::InvalidRange, "The requested range is not satisfiable");
  outside.members = {{"RangeRequested", std::string(text)}, {"ActualObjectSize", std::to_string(size)}};
  if (dash == 0) {
    if (!last) return whole;
    if (*last == 0 || size == 0) return outside;
    const std::uint64_t length = std::min(*last, size);
    return std::optional(Range{size - length, length});
  }
  if (!first || (!last && dash + 1 != span.size()) || (last && *last < *first)) return whole;
  if (*first >= size) return outside;
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return std::optional(Range{*first, end - *first + 1});
}

}  // namespace aviary::s3
