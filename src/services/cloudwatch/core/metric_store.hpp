#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudwatch/core/metric_id.hpp"
#include "services/cloudwatch/core/metric_log.hpp"
#include "services/cloudwatch/core/series.hpp"

namespace aviary::cloudwatch {

/// One sample, or several of one value, as PutMetricData gives them.
struct Sample {
  EpochSeconds at;
  double value;
  double count = 1;
};

/// All metrics of one account and region, or rather of all of them: every scope has its own names, all share
/// one budget of memory.
///
/// Points that carry a unit are kept apart from points of another unit, as at AWS. When memory runs short the
/// oldest data is rolled up earlier, series by series; when that is not enough it is dropped, oldest first.
/// Lives on the loop's thread; knows no clock.
class MetricStore {
 public:
  struct UnitSeries final : BucketSink {
    std::string_view unit;      ///< static text: one of the model's StandardUnit
    std::size_t accounted = 0;  ///< what of `bytes()` is this series
    Series series;
    MetricLog* log = nullptr;  ///< where its data lasts, if anywhere
    std::uint32_t number = 0;  ///< there

    void on_bucket(const Bucket& bucket) override {
      if (log) log->add(number, bucket);
    }
  };
  struct Metric {
    std::vector<std::unique_ptr<UnitSeries>> units;  ///< handles point at them
    std::uint32_t holders = 0;                       ///< handles that point here: it must stay
  };
  struct Options {
    /// What all metrics together may take, in bytes, names included.
    std::size_t budget = 160U << 20U;
    Retention retention{};
  };

  MetricStore() : MetricStore(Options{}) {}
  explicit MetricStore(Options options) : options_(options) {}

  /// A series found once, to be recorded into without looking for it again. Valid as long as the store's
  /// `generation` has not changed.
  struct Handle {
    UnitSeries* of = nullptr;
  };
  /// For metrics that are recorded on a hot path: looks the series up, or makes it, and keeps it for good.
  Handle resolve(const Scope& scope, const MetricId& id, std::string_view unit);
  /// The hot path: some 30 ns. `now` is the emulated time, whose minute the sample falls into.
  void record(Handle handle, EpochSeconds now, double value) {
    if (handle.of->series.add(now, Width::Minute, value, 1, handle.of)) [[unlikely]]
      packed(*handle.of, now);
  }
  /// What was gathered of one minute, at once.
  void merge(Handle handle, const Bucket& gathered, EpochSeconds now) {
    handle.of->series.merge(gathered, handle.of);
    packed(*handle.of, now);
  }
  /// Somebody who gathers before recording: asked to hand it over before anything is read.
  class Gatherer {
   public:
    virtual ~Gatherer() = default;
    virtual void hand_over() = 0;
  };
  /// Null: nobody. Outlives this, or is taken away before it goes.
  void set_gatherer(Gatherer* gatherer) { gatherer_ = gatherer; }
  /// Changes when every metric is forgotten: handles of before are worth nothing then.
  std::uint64_t generation() const noexcept { return generation_; }

  void put(const Scope& scope, const MetricId& id, std::string_view unit, Width width, const Sample& sample,
           EpochSeconds now);
  void put_set(const Scope& scope, const MetricId& id, std::string_view unit, Width width, EpochSeconds at,
               double count, double sum, double min, double max, EpochSeconds now);
  /// Reads back what an earlier run has written down; from then on data is written there. `log` outlives
  /// this.
  void restore(MetricLog& log);
  /// Writes down what has come so far, also of the minute that is not over; at the end, once.
  void tell_open();

  /// Null if there is no such metric.
  const Metric* find(const Scope& scope, const MetricId& id) const;
  const Metric* find(const Scope& scope, std::string_view key) const;

  using Metrics = std::map<std::string, std::unique_ptr<Metric>, std::less<>>;
  /// By key: in order of namespace, name and dimensions. Empty if nothing was ever recorded there.
  const Metrics& metrics(const Scope& scope) const;

  std::size_t size() const noexcept { return count_; }
  /// What the metrics take, in bytes, within a few per cent.
  std::size_t bytes() const noexcept { return bytes_; }
  void clear();

 private:
  struct Region {
    Metrics metrics;
  };
  UnitSeries& series_of(const Scope& scope, const MetricId& id, std::string_view unit, bool hold);
  void packed(UnitSeries& series, EpochSeconds now);
  /// What was rolled up or dropped here is still in the log: writes it anew when most of it is of that kind.
  void tidy_log();
  void account(UnitSeries& series);
  void compact(UnitSeries& series, EpochSeconds now);
  void advance_sweep(EpochSeconds now);
  Retention tightened() const;

  Options options_;
  Gatherer* gatherer_ = nullptr;
  std::map<Scope, Region> regions_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t generation_ = 1;
  MetricLog* log_ = nullptr;
  std::uint32_t last_number_ = 0;  ///< of a series in the log
  int pressure_ = 0;               ///< how much earlier than `retention` says data is rolled up
  // Where the sweep over all series stands.
  Scope sweep_scope_;
  std::string sweep_key_;
};

/// The model's text of a unit, which lives for ever; nothing if it is none.
std::optional<std::string_view> standard_unit(std::string_view text);

}  // namespace aviary::cloudwatch
