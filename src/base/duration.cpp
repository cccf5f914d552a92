#include "base/duration.hpp"

#include <fmt/format.h>

#include <charconv>

namespace aviary {
namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
// For reading `ms` comes before `m`; for writing the others are in order of length.
constexpr Unit units[] = {{"ms", std::chrono::milliseconds(1)},
                          {"d", std::chrono::days(1)},
                          {"h", std::chrono::hours(1)},
                          {"m", std::chrono::minutes(1)},
                          {"s", std::chrono::seconds(1)}};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Duration total{0};
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* unit = nullptr;
    for (const Unit& candidate : units)
      if (unit == nullptr && text.starts_with(candidate.name)) unit = &candidate;
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += unit->length * static_cast<std::int64_t>(count);
    if (total > std::chrono::days(36500)) return std::nullopt;
  }
  return total;
}

std::string duration_text(Duration duration) {
  if (duration < Duration::zero()) return "-" + duration_text(-duration);
  std::string text;
  for (const Unit& unit : {units[1], units[2], units[3], units[4], units[0]}) {
    const std::int64_t count = duration / unit.length;
    if (count > 0) text += fmt::format("{}{}", count, unit.name);
    duration -= count * unit.length;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace aviary
