#include "base/metric_unit.hpp"

#include <algorithm>

namespace aviary {

std::optional<std::string_view> metric_unit(std::string_view text) {
  static constexpr std::string_view units[] = {"None",
                                               "Count",
                                               "Milliseconds",
                                               "Seconds",
                                               "Microseconds",
                                               "Bytes",
                                               "Kilobytes",
                                               "Megabytes",
                                               "Gigabytes",
                                               "Terabytes",
                                               "Bits",
                                               "Kilobits",
                                               "Megabits",
                                               "Gigabits",
                                               "Terabits",
                                               "Percent",
                                               "Bytes/Second",
                                               "Kilobytes/Second",
                                               "Megabytes/Second",
                                               "Gigabytes/Second",
                                               "Terabytes/Second",
                                               "Bits/Second",
                                               "Kilobits/Second",
                                               "Megabits/Second",
                                               "Gigabits/Second",
                                               "Terabits/Second",
                                               "Count/Second"};
  const auto found = std::ranges::find(units, text);
  if (found == std::end(units)) return std::nullopt;
  return *found;
}

}  // namespace aviary
