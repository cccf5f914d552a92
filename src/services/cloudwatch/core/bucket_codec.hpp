#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/cloudwatch/core/aggregate.hpp"
#include "services/cloudwatch/core/scope.hpp"

namespace aviary::cloudwatch {

/// How long a bucket is: what samples of that stretch share.
enum class Width : std::uint8_t { Second, Minute, FiveMinutes, Hour };
constexpr EpochSeconds seconds_of(Width width) {
  constexpr EpochSeconds lengths[] = {1, 60, 300, 3600};
  return lengths[static_cast<int>(width)];
}

struct Bucket {
  EpochSeconds start = 0;
  Width width = Width::Minute;
  Aggregate samples;

  EpochSeconds end() const { return start + seconds_of(width); }
};

/// Buckets as bytes, one after the other: a minute of a counter takes three or four, a minute of durations
/// eleven and two more for each bin. Each is written relative to the start of the one before.
void append_bucket(std::vector<std::uint8_t>& bytes, const Bucket& bucket, EpochSeconds previous_start);
/// Takes one off the front. `bytes` is whole: only what `append_bucket` wrote. Bins are skipped, not built,
/// unless they are wanted.
Bucket take_bucket(std::span<const std::uint8_t>& bytes, EpochSeconds previous_start, bool want_bins);

}  // namespace aviary::cloudwatch
