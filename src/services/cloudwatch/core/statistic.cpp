#include "services/cloudwatch/core/statistic.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace aviary::cloudwatch {
namespace {

using Kind = Statistic::Kind;
using Masses = std::vector<Aggregate::Mass>;

std::optional<double> number(std::string_view text) {
  double value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<double> per_cent(std::string_view text) {
  const std::optional<double> value = number(text);
  if (!value || *value < 0 || *value > 100 || text.find_first_not_of("0123456789.") != text.npos)
    return std::nullopt;
  return value;
}

std::optional<Kind> trimmed_kind(std::string_view name) {
  if (name == "tm" || name == "TM") return Kind::TrimmedMean;
  if (name == "tc" || name == "TC") return Kind::TrimmedCount;
  if (name == "ts" || name == "TS") return Kind::TrimmedSum;
  if (name == "wm" || name == "WM") return Kind::WinsorizedMean;
  return std::nullopt;
}

/// `(low:high)`, with per cent signs or without.
std::optional<Statistic> with_bounds(Kind kind, std::string_view text) {
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view low = text.substr(0, colon);
  std::string_view high = text.substr(colon + 1);
  if (low.empty() && high.empty()) return std::nullopt;
  Statistic statistic{.kind = kind};
  const bool percents = low.ends_with('%') || high.ends_with('%');
  statistic.bounds_are_values = !percents;
  const auto read = [percents](std::string_view bound) {
    if (!percents) return number(bound);
    if (!bound.ends_with('%')) return std::optional<double>();
    return per_cent(bound.substr(0, bound.size() - 1));
  };
  if (!low.empty() && !(statistic.low = read(low))) return std::nullopt;
  if (!high.empty() && !(statistic.high = read(high))) return std::nullopt;
  if (statistic.low && statistic.high && *statistic.low > *statistic.high) return std::nullopt;
  if (kind == Kind::PercentileRank && percents) return std::nullopt;
  return statistic;
}

double percentile(const Aggregate& samples, const Masses& masses, double per_cent_wanted) {
  if (per_cent_wanted <= 0) return samples.min();
  if (per_cent_wanted >= 100) return samples.max();
  const double rank = std::max(per_cent_wanted / 100 * samples.count(), std::numeric_limits<double>::min());
  double seen = 0;
  for (const Aggregate::Mass& mass : masses) {
    seen += mass.count;
    // Counts are whole numbers, ranks hardly ever: a little slack keeps p90 of ten samples the ninth.
    if (seen + 1e-9 * samples.count() >= rank) return mass.value;
  }
  return samples.max();
}

/// The part of the distribution that lies within the bounds, in the order of values.
Masses between(const Aggregate& samples, const Masses& masses, const Statistic& s) {
  Masses kept;
  if (s.bounds_are_values) {
    for (const Aggregate::Mass& mass : masses)
      if ((!s.low || mass.value > *s.low) && (!s.high || mass.value <= *s.high)) kept.push_back(mass);
    return kept;
  }
  const double from = s.low.value_or(0) / 100 * samples.count();
  const double until = s.high.value_or(100) / 100 * samples.count();
  double seen = 0;
  for (const Aggregate::Mass& mass : masses) {
    const double part = std::min(seen + mass.count, until) - std::max(seen, from);
    if (part > 1e-9 * samples.count()) kept.push_back({mass.value, part});
    seen += mass.count;
  }
  return kept;
}

double sum_of(const Masses& masses) {
  return std::accumulate(masses.begin(), masses.end(), 0.0,
                         [](double sum, const Aggregate::Mass& m) { return sum + m.value * m.count; });
}
double count_of(const Masses& masses) {
  return std::accumulate(masses.begin(), masses.end(), 0.0,
                         [](double sum, const Aggregate::Mass& m) { return sum + m.count; });
}

/// What lies outside the bounds counts as if it lay on them.
double winsorized_mean(const Aggregate& samples, const Masses& masses, const Statistic& s) {
  const double low = !s.low                ? samples.min()
                     : s.bounds_are_values ? *s.low
                                           : percentile(samples, masses, *s.low);
  const double high = !s.high               ? samples.max()
                      : s.bounds_are_values ? *s.high
                                            : percentile(samples, masses, *s.high);
  double sum = 0;
  for (const Aggregate::Mass& mass : masses)
    sum += std::min(std::max(mass.value, low), std::max(low, high)) * mass.count;
  return sum / samples.count();
}

}  // namespace

std::optional<Statistic> Statistic::parse(std::string_view text) {
  if (text == "SampleCount") return Statistic{.kind = Kind::SampleCount};
  if (text == "Average") return Statistic{.kind = Kind::Average};
  if (text == "Sum") return Statistic{.kind = Kind::Sum};
  if (text == "Minimum") return Statistic{.kind = Kind::Minimum};
  if (text == "Maximum") return Statistic{.kind = Kind::Maximum};
  if (text == "IQM" || text == "iqm") return Statistic{.kind = Kind::TrimmedMean, .low = 25, .high = 75};
  if (text.starts_with("PR(")) return with_bounds(Kind::PercentileRank, text.substr(2));
  if (text.starts_with('p')) {
    const std::optional<double> at = per_cent(text.substr(1));
    if (!at) return std::nullopt;
    return Statistic{.kind = Kind::Percentile, .high = at};
  }
  if (text.size() < 3) return std::nullopt;
  const std::optional<Kind> kind = trimmed_kind(text.substr(0, 2));
  if (!kind) return std::nullopt;
  if (text[2] == '(') return with_bounds(*kind, text.substr(2));
  const std::optional<double> high = per_cent(text.substr(2));
  if (!high || text[0] < 'a') return std::nullopt;
  return Statistic{.kind = *kind, .high = high};
}

std::optional<double> Statistic::of(const Aggregate& samples) const {
  if (samples.empty()) return std::nullopt;
  switch (kind) {
    case Kind::SampleCount:
      return samples.count();
    case Kind::Average:
      return samples.average();
    case Kind::Sum:
      return samples.sum();
    case Kind::Minimum:
      return samples.min();
    case Kind::Maximum:
      return samples.max();
    default:
      break;
  }
  if (!samples.has_distribution()) return std::nullopt;
  const Masses masses = samples.distribution();
  if (kind == Kind::Percentile) return percentile(samples, masses, *high);
  if (kind == Kind::WinsorizedMean) return winsorized_mean(samples, masses, *this);
  const Masses kept = between(samples, masses, *this);
  const double count = count_of(kept);
  if (kind == Kind::TrimmedCount) return count;
  if (kind == Kind::TrimmedSum) return sum_of(kept);
  if (kind == Kind::PercentileRank) return 100 * count / samples.count();
  if (count == 0) return std::nullopt;
  return sum_of(kept) / count;
}

double Statistic::least_samples() const {
  if (kind != Kind::Percentile) return 0;
  const double p = *high / 100;
  const double tail = p >= 0.5 ? 1 - p : p;
  return tail <= 0 ? std::numeric_limits<double>::infinity() : std::round(10 / tail);
}

}  // namespace aviary::cloudwatch
