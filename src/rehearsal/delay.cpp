#include "rehearsal/delay.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "base/duration.hpp"

namespace aviary::rehearsal {
namespace {

Refusal no_delay() {
  return {R"(A delay is "200ms", {"between": ["100ms", "300ms"]}, {"mean": "200ms", "deviation": "50ms"}, )"
          R"({"exponential": "200ms"} or {"p50": "100ms", "p99": "2s"}.)"};
}

std::optional<Duration> length_of(const Json& value) {
  return value.is_string() ? parse_duration(value.get<std::string>()) : std::nullopt;
}

/// `p99.9` as 0.999.
std::optional<double> percentile_of(const std::string& key) {
  if (key.size() < 2 || key.front() != 'p') return std::nullopt;
  double number = 0;
  const char* end = key.data() + key.size();
  const auto read = std::from_chars(key.data() + 1, end, number);
  if (read.ec != std::errc{} || read.ptr != end || !(number > 0) || number > 100) return std::nullopt;
  return number / 100;
}

}  // namespace

Checked<Delay> Delay::parse(const Json& document) {
  Delay delay;
  if (const auto fixed = length_of(document)) {
    delay.mean_ = *fixed;
    return delay;
  }
  if (!document.is_object() || document.empty()) return no_delay();
  if (document.contains("between")) {
    const Json& ends = document["between"];
    if (document.size() != 1 || !ends.is_array() || ends.size() != 2) return no_delay();
    const auto low = length_of(ends[0]);
    const auto high = length_of(ends[1]);
    if (!low || !high || *low > *high) return no_delay();
    delay.shape_ = Shape::Percentiles;
    delay.points_ = {{0.0, *low}, {1.0, *high}};
    return delay;
  }
  if (document.contains("exponential") || document.contains("mean")) {
    const bool normal = document.contains("mean");
    const auto mean = length_of(document[normal ? "mean" : "exponential"]);
    const auto deviation =
        normal ? length_of(document.value("deviation", Json())) : std::optional<Duration>(Duration::zero());
    if (document.size() != (normal ? 2 : 1) || !mean || !deviation) return no_delay();
    delay.shape_ = normal ? Shape::Normal : Shape::Exponential;
    delay.mean_ = *mean;
    delay.deviation_ = *deviation;
    return delay;
  }
  delay.shape_ = Shape::Percentiles;
  for (const auto& [key, value] : document.items()) {
    const auto probability = percentile_of(key);
    const auto length = length_of(value);
    if (!probability || !length) return no_delay();
    delay.points_.emplace_back(*probability, *length);
  }
  std::ranges::sort(delay.points_);
  for (std::size_t i = 1; i < delay.points_.size(); ++i)
    if (delay.points_[i].second < delay.points_[i - 1].second) return no_delay();
  delay.points_.insert(delay.points_.begin(), {0.0, Duration::zero()});
  if (delay.points_.back().first < 1) delay.points_.emplace_back(1.0, delay.points_.back().second);
  return delay;
}

Duration Delay::draw(Random& random) const {
  const auto scaled = [this](double factor) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(mean_.count()) * factor));
  };
  switch (shape_) {
    case Shape::Fixed:
      return mean_;
    case Shape::Exponential:
      return scaled(-std::log1p(-random.uniform()));
    case Shape::Normal: {
      // Box and Muller.
      const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
      const double drawn = radius * std::cos(2 * std::numbers::pi * random.uniform());
      const double value =
          static_cast<double>(mean_.count()) + drawn * static_cast<double>(deviation_.count());
      return Duration(static_cast<std::int64_t>(std::max(0.0, value)));
    }
    case Shape::Percentiles:
      break;
  }
  const double drawn = random.uniform();
  std::size_t upper = 1;
  while (upper + 1 < points_.size() && points_[upper].first < drawn) ++upper;
  const auto& [low_share, low] = points_[upper - 1];
  const auto& [high_share, high] = points_[upper];
  const double part = high_share > low_share ? (drawn - low_share) / (high_share - low_share) : 1.0;
  return low + Duration(static_cast<std::int64_t>(static_cast<double>((high - low).count()) *
                                                  std::clamp(part, 0.0, 1.0)));
}

}  // namespace aviary::rehearsal
