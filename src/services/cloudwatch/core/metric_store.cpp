#include "services/cloudwatch/core/metric_store.hpp"

#include <algorithm>

#include "base/metric_unit.hpp"

namespace aviary::cloudwatch {
namespace {

constexpr EpochSeconds hour = 3600;
constexpr EpochSeconds day = 24 * hour;

/// What is kept at which resolution when memory is short, step by step.
constexpr Retention ladder[] = {
    {.seconds = 3 * hour, .minutes = 15 * day, .five_minutes = 63 * day, .hours = 455 * day},
    {.seconds = hour, .minutes = 3 * day, .five_minutes = 15 * day, .hours = 63 * day},
    {.seconds = hour, .minutes = day, .five_minutes = 7 * day, .hours = 30 * day},
    {.seconds = hour / 2, .minutes = 6 * hour, .five_minutes = 2 * day, .hours = 15 * day},
    {.seconds = hour / 4, .minutes = 3 * hour, .five_minutes = day, .hours = 7 * day},
    {.seconds = hour / 4, .minutes = hour, .five_minutes = 6 * hour, .hours = 3 * day},
    {.seconds = hour / 12, .minutes = hour / 2, .five_minutes = 3 * hour, .hours = 2 * day},
    {.seconds = hour / 12, .minutes = hour / 4, .five_minutes = hour, .hours = day},
    {.seconds = hour / 12, .minutes = hour / 4, .five_minutes = hour, .hours = 6 * hour},
};
constexpr int last_step = static_cast<int>(std::size(ladder)) - 1;

}  // namespace

std::optional<std::string_view> standard_unit(std::string_view text) {
  return metric_unit(text.empty() ? "None" : text);
}

MetricStore::UnitSeries& MetricStore::series_of(const Scope& scope, const MetricId& id, std::string_view unit,
                                                bool hold) {
  Metrics& metrics = regions_[scope].metrics;
  std::string key = id.key();
  auto found = metrics.find(key);
  if (found == metrics.end()) {
    constexpr std::size_t node = 48 + sizeof(std::string) + 16 + 8 + sizeof(Metric) + 16;
    bytes_ += node + key.size();
    ++count_;
    found = metrics.emplace(std::move(key), std::make_unique<Metric>()).first;
  }
  Metric& metric = *found->second;
  if (hold) ++metric.holders;
  for (const auto& series : metric.units)
    if (series->unit == unit) return *series;
  metric.units.push_back(std::make_unique<UnitSeries>());
  bytes_ += sizeof(UnitSeries) + 32;
  UnitSeries& made = *metric.units.back();
  made.unit = standard_unit(unit).value_or("None");
  if (log_ && log_->durable()) {
    made.log = log_;
    made.number = ++last_number_;
    log_->introduce(made.number, scope, found->first, made.unit);
  }
  return made;
}

MetricStore::Handle MetricStore::resolve(const Scope& scope, const MetricId& id, std::string_view unit) {
  return {&series_of(scope, id, unit, true)};
}

void MetricStore::put(const Scope& scope, const MetricId& id, std::string_view unit, Width width,
                      const Sample& sample, EpochSeconds now) {
  UnitSeries& to = series_of(scope, id, unit, false);
  if (to.series.add(sample.at, width, sample.value, sample.count, &to)) packed(to, now);
}

void MetricStore::put_set(const Scope& scope, const MetricId& id, std::string_view unit, Width width,
                          EpochSeconds at, double count, double sum, double min, double max,
                          EpochSeconds now) {
  UnitSeries& to = series_of(scope, id, unit, false);
  to.series.add_set(at, width, count, sum, min, max, &to);
  packed(to, now);
}

void MetricStore::restore(MetricLog& log) {
  std::map<std::uint32_t, UnitSeries*> known;
  log.load(
      [&](std::uint32_t number, const MetricLog::Name& name) {
        UnitSeries& made = series_of(name.scope, MetricId::from_key(name.key), name.unit, false);
        made.log = &log;
        made.number = number;
        last_number_ = std::max(last_number_, number);
        known.emplace(number, &made);
      },
      [&](std::uint32_t number, const Bucket& bucket) {
        const auto series = known.find(number);
        if (series != known.end()) series->second->series.merge(bucket);
      });
  for (const auto& [number, series] : known) {
    series->series.seal();  // what it has is written down; what comes will be
    account(*series);
  }
  log_ = &log;
  tidy_log();
}

void MetricStore::tell_open() {
  if (!log_) return;
  if (gatherer_) gatherer_->hand_over();
  for (const auto& [scope, region] : regions_)
    for (const auto& [key, metric] : region.metrics)
      for (const auto& series : metric->units) series->series.tell_open(*series);
}

void MetricStore::tidy_log() {
  constexpr std::size_t slack = 16U << 20U;
  if (!log_ || log_->bytes() < slack + 4 * bytes_) return;
  log_->begin_anew();
  last_number_ = 0;
  for (const auto& [scope, region] : regions_) {
    for (const auto& [key, metric] : region.metrics) {
      for (const auto& series : metric->units) {
        series->number = ++last_number_;
        log_->introduce(series->number, scope, key, series->unit);
        // The open one is told when it is over.
        series->series.read_packed([&](const Bucket& bucket) { log_->add(series->number, bucket); });
      }
    }
  }
}

const MetricStore::Metrics& MetricStore::metrics(const Scope& scope) const {
  static const Metrics none;
  if (gatherer_) gatherer_->hand_over();
  const auto found = regions_.find(scope);
  return found == regions_.end() ? none : found->second.metrics;
}

const MetricStore::Metric* MetricStore::find(const Scope& scope, std::string_view key) const {
  const Metrics& all = metrics(scope);
  const auto found = all.find(key);
  return found == all.end() ? nullptr : found->second.get();
}

const MetricStore::Metric* MetricStore::find(const Scope& scope, const MetricId& id) const {
  return find(scope, id.key());
}

void MetricStore::account(UnitSeries& series) {
  const std::size_t now = series.series.bytes();
  bytes_ += now;
  bytes_ -= series.accounted;
  series.accounted = now;
}

void MetricStore::compact(UnitSeries& series, EpochSeconds now) {
  series.series.compact(now, tightened(), true);
  account(series);
}

Retention MetricStore::tightened() const {
  if (pressure_ == 0) return options_.retention;
  const Retention& step = ladder[pressure_];
  return {.seconds = std::min(step.seconds, options_.retention.seconds),
          .minutes = std::min(step.minutes, options_.retention.minutes),
          .five_minutes = std::min(step.five_minutes, options_.retention.five_minutes),
          .hours = std::min(step.hours, options_.retention.hours)};
}

/// A series has just packed a bucket: once a minute at most for each, so this is where the store looks after
/// its memory, and now and then after the series' age. Work is spread: while it is over its budget every
/// packing pays for a few series more.
void MetricStore::packed(UnitSeries& series, EpochSeconds now) {
  if (series.series.chunk_is_full()) {
    series.series.compact(now, tightened(), pressure_ > 0);
    tidy_log();
  }
  account(series);
  if (bytes_ <= options_.budget) return;
  for (int i = 0; i < 4 && bytes_ > options_.budget; ++i) advance_sweep(now);
}

void MetricStore::advance_sweep(EpochSeconds now) {
  auto region = regions_.lower_bound(sweep_scope_);
  if (region != regions_.end() && region->first != sweep_scope_) sweep_key_.clear();
  for (; region != regions_.end(); ++region, sweep_key_.clear()) {
    Metrics& metrics = region->second.metrics;
    const auto at = metrics.upper_bound(sweep_key_);
    if (at == metrics.end()) continue;
    sweep_scope_ = region->first;
    sweep_key_ = at->first;
    EpochSeconds newest = 0;
    for (const auto& series : at->second->units) {
      compact(*series, now);
      newest = std::max(newest, series->series.newest());
    }
    // Last resort: what has had no data for long is forgotten whole.
    if (pressure_ == last_step && at->second->holders == 0 && now - newest > 3 * hour) {
      for (const auto& series : at->second->units) bytes_ -= series->accounted + sizeof(UnitSeries) + 32;
      bytes_ -= 48 + sizeof(std::string) + 16 + 8 + sizeof(Metric) + 16 + at->first.size();
      --count_;
      metrics.erase(at);
    }
    return;
  }
  // Once round, and still too much: be stricter from now on.
  sweep_scope_ = {};
  sweep_key_.clear();
  if (pressure_ < last_step) ++pressure_;
}

void MetricStore::clear() {
  if (log_) log_->forget();
  last_number_ = 0;
  regions_.clear();
  count_ = 0;
  bytes_ = 0;
  pressure_ = 0;
  sweep_scope_ = {};
  sweep_key_.clear();
  ++generation_;
}

}  // namespace aviary::cloudwatch
