#include "services/cloudwatch/core/aggregate.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace aviary::cloudwatch {
namespace {

constexpr double accuracy = 0.01;
constexpr double gamma = (1 + accuracy) / (1 - accuracy);
/// Keys of positive values start above zero: the smallest double lies at about -37200 powers of gamma.
constexpr std::int32_t key_offset = 40'000;

const double log_gamma = std::log(gamma);

std::int32_t logarithmic_bin(double value) {
  const auto power = static_cast<std::int32_t>(std::ceil(std::log(std::fabs(value)) / log_gamma));
  return value > 0 ? power + key_offset : -(power + key_offset);
}

}  // namespace

std::int32_t bin_of(double value) {
  if (value == 0) return 0;
  // One value goes to a metric of several sets of dimensions, one after the other, and counts are the same
  // few numbers again and again: their logarithms are remembered.
  struct Known {
    double value = 0;
    std::int32_t bin = 0;
  };
  thread_local std::array<Known, 64> known;
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
  Known& entry = known[std::bit_cast<std::uint64_t>(value) * golden >> 58U];
  if (entry.value != value) entry = {value, logarithmic_bin(value)};
  return entry.bin;
}

double value_of_bin(std::int32_t key) {
  if (key == 0) return 0;
  const std::int32_t power = (key > 0 ? key : -key) - key_offset;
  const double value = 2 * std::exp(power * log_gamma) / (gamma + 1);
  return key > 0 ? value : -value;
}

Aggregate& Aggregate::operator=(const Aggregate& other) {
  if (this == &other) return *this;
  count_ = other.count_;
  sum_ = other.sum_;
  min_ = other.min_;
  max_ = other.max_;
  lost_ = other.lost_;
  bins_ = other.bins_ ? std::make_unique<std::vector<Bin>>(*other.bins_) : nullptr;
  return *this;
}

double Aggregate::count_of_max() const noexcept {
  if (min_ == max_) return count_;
  return std::clamp(std::round((sum_ - count_ * min_) / (max_ - min_)), 0.0, count_);
}

void Aggregate::add_to_bin(double value, double count) {
  const std::int32_t key = bin_of(value);
  const auto at = std::lower_bound(bins_->begin(), bins_->end(), key,
                                   [](const Bin& bin, std::int32_t wanted) { return bin.key < wanted; });
  if (at != bins_->end() && at->key == key) {
    at->count += count;
  } else {
    bins_->insert(at, Bin{key, count});
  }
}

void Aggregate::make_bins() {
  bins_ = std::make_unique<std::vector<Bin>>();
  const double of_max = count_of_max();
  if (of_max < count_) add_to_bin(min_, count_ - of_max);
  if (of_max > 0) add_to_bin(max_, of_max);
}

/// A value that is neither minimum nor maximum: the second one widens the range, the third needs bins.
void Aggregate::add_between(double value, double count) {
  if (!lost_) {
    if (!bins_ && min_ != max_) make_bins();
    if (bins_) add_to_bin(value, count);
  }
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Aggregate::forget_distribution() {
  lost_ = true;
  bins_.reset();
}

void Aggregate::add_set(double count, double sum, double min, double max) {
  if (min == max || count == 1) {
    // "unless the SampleCount value of the statistic set is 1" or minimum and maximum are equal
    // (PutMetricData).
    const double value = min == max ? min : sum;
    add(value, count);
    return;
  }
  min_ = count_ == 0 ? min : std::min(min_, min);
  max_ = count_ == 0 ? max : std::max(max_, max);
  count_ += count;
  sum_ += sum;
  forget_distribution();
}

void Aggregate::merge(const Aggregate& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  const double sum = sum_ + other.sum_;  // not from the bins: sums stay exact
  if (lost_ || other.lost_) {
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
    forget_distribution();
  } else if (other.bins_) {
    if (!bins_) make_bins();
    for (const Bin& bin : *other.bins_) {
      const auto at = std::lower_bound(bins_->begin(), bins_->end(), bin.key,
                                       [](const Bin& mine, std::int32_t key) { return mine.key < key; });
      if (at != bins_->end() && at->key == bin.key) {
        at->count += bin.count;
      } else {
        bins_->insert(at, bin);
      }
    }
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
  } else {
    const double of_max = other.count_of_max();
    if (of_max < other.count_) add(other.min_, other.count_ - of_max);
    if (of_max > 0) add(other.max_, of_max);
  }
  sum_ = sum;
}

std::vector<Aggregate::Mass> Aggregate::distribution() const {
  std::vector<Mass> masses;
  if (lost_ || empty()) return masses;
  if (!bins_) {
    const double of_max = count_of_max();
    if (of_max < count_) masses.push_back({min_, count_ - of_max});
    if (of_max > 0) masses.push_back({max_, of_max});
    return masses;
  }
  masses.reserve(bins_->size());
  for (const Bin& bin : *bins_) masses.push_back({std::clamp(value_of_bin(bin.key), min_, max_), bin.count});
  // The ends are known exactly.
  if (!masses.empty() && masses.front().count == 1) masses.front().value = min_;
  if (!masses.empty() && masses.back().count == 1) masses.back().value = max_;
  return masses;
}

Aggregate Aggregate::restored(double count, double sum, double min, double max, bool lost,
                              std::unique_ptr<std::vector<Bin>> bins) {
  Aggregate a;
  a.count_ = count;
  a.sum_ = sum;
  a.min_ = min;
  a.max_ = max;
  a.lost_ = lost;
  a.bins_ = std::move(bins);
  return a;
}

}  // namespace aviary::cloudwatch
