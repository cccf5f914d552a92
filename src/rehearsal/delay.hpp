#pragma once

#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/random.hpp"
#include "rehearsal/refusal.hpp"

namespace aviary::rehearsal {

/// A length of time that is drawn anew each time. As a person writes it: `200ms`; `{"between": ["100ms",
/// "300ms"]}`;
/// `{"mean": "200ms", "deviation": "50ms"}` (normal, never below zero); `{"exponential": "200ms"}` (its
/// mean);
/// `{"p50": "100ms", "p99": "2s"}` (any percentiles: straight lines between them, from zero).
class Delay {
 public:
  static Checked<Delay> parse(const Json& document);
  Duration draw(Random& random) const;

 private:
  enum class Shape : std::uint8_t { Fixed, Normal, Exponential, Percentiles };
  Shape shape_ = Shape::Fixed;
  Duration mean_{};
  Duration deviation_{};
  std::vector<std::pair<double, Duration>> points_;  ///< probability and value, ascending
};

}  // namespace aviary::rehearsal
