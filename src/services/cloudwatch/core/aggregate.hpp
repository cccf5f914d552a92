#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace aviary::cloudwatch {

/// What happened to a metric in one stretch of time: exact count, sum, minimum and maximum, and enough of the
/// distribution for percentiles and trimmed statistics to be right within 1 %.
///
/// The distribution costs nothing as long as every sample equals the minimum or the maximum, which is what
/// counters, errors and throttles look like. Only then do samples fall into the bins of a logarithmic
/// histogram whose neighbours differ by 2 % (DDSketch, Masson et al., VLDB 2019).
class Aggregate {
 public:
  struct Bin {
    std::int32_t key;  ///< ordered as the values are; 0 holds zero alone
    double count;
  };

  Aggregate() = default;
  Aggregate(Aggregate&&) = default;
  Aggregate& operator=(Aggregate&&) = default;
  Aggregate(const Aggregate& other) { *this = other; }
  Aggregate& operator=(const Aggregate& other);

  /// `count` samples of `value`. Both finite, `count` above zero.
  void add(double value, double count = 1) {
    if (count_ == 0) {
      min_ = max_ = value;
    } else if (value != min_ && value != max_) {
      add_between(value, count);
    } else if (bins_) {
      add_to_bin(value, count);
    }
    count_ += count;
    sum_ += value * count;
  }
  /// A statistic set as PutMetricData takes it: how the samples lay is unknown unless it can be told.
  void add_set(double count, double sum, double min, double max);
  void merge(const Aggregate& other);

  bool empty() const noexcept { return count_ == 0; }
  double count() const noexcept { return count_; }
  double sum() const noexcept { return sum_; }
  double min() const noexcept { return min_; }
  double max() const noexcept { return max_; }
  double average() const noexcept { return sum_ / count_; }
  /// False once a statistic set was mixed in: then there are no percentiles, as at AWS.
  bool has_distribution() const noexcept { return !lost_; }

  /// One value of the distribution and how many samples have it (within 1 %), in ascending order.
  struct Mass {
    double value;
    double count;
  };
  std::vector<Mass> distribution() const;

  /// For the codec (bucket_codec.cpp): null while every sample is the minimum or the maximum.
  const std::vector<Bin>* bins() const noexcept { return bins_.get(); }
  /// How many samples equal the maximum, while there are no bins and minimum and maximum differ.
  double count_of_max() const noexcept;
  static Aggregate restored(double count, double sum, double min, double max, bool lost,
                            std::unique_ptr<std::vector<Bin>> bins);

 private:
  void add_between(double value, double count);
  void add_to_bin(double value, double count);
  void make_bins();
  void forget_distribution();

  double count_ = 0;
  double sum_ = 0;
  double min_ = 0;
  double max_ = 0;
  bool lost_ = false;
  std::unique_ptr<std::vector<Bin>> bins_;
};

/// The bin that a value falls into, and the value that stands for all of a bin (off by at most 1 %).
std::int32_t bin_of(double value);
double value_of_bin(std::int32_t key);

}  // namespace aviary::cloudwatch
