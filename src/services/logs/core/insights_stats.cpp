#include <algorithm>
#include <cmath>

#include "services/logs/core/insights_run.hpp"

/// `stats`: what is counted of each group, and what comes out.
namespace aviary::logs::insights {

void Run::count(const Stats& stats, const Row& row) {
  std::vector<Value> keys;
  std::vector<std::string> texts;
  for (const NamedExpression& key : stats.keys) {
    keys.push_back(key.value(row));
    texts.push_back(keys.back().as_text());
  }
  Tally& tally = groups_[std::move(texts)];
  if (tally.ones.empty()) {
    tally.keys = std::move(keys);
    tally.ones.resize(stats.aggregates.size());
  }
  for (std::size_t i = 0; i < stats.aggregates.size(); ++i) count(stats.aggregates[i], tally.ones[i], row);
}

void Run::count(const Aggregate& aggregate, Tally::One& one, const Row& row) {
  using Kind = Aggregate::Kind;
  if (!aggregate.value) {
    ++one.count;
    return;
  }
  const Value value = aggregate.value(row);
  if (!value.exists()) return;
  const std::optional<double> number = value.as_number();
  const auto choose = [&](bool better) {
    if (one.count == 0 || better) one.value = value;
    ++one.count;
  };
  switch (aggregate.kind) {
    case Kind::Count:
      ++one.count;
      return;
    case Kind::CountDistinct:
      one.texts.insert(value.as_text());
      return;
    case Kind::Minimum:
      if (number) choose(compare(value, one.value) < 0);
      return;
    case Kind::Maximum:
      if (number) choose(compare(value, one.value) > 0);
      return;
    case Kind::First:
      choose(compare(value, one.value) < 0);
      return;
    case Kind::Last:
      choose(compare(value, one.value) > 0);
      return;
    case Kind::Earliest:
    case Kind::Latest: {
      const Millis at = row.key().timestamp;
      const bool better = aggregate.kind == Kind::Earliest ? at < one.at : at >= one.at;
      if (one.count == 0 || better) one.at = at;
      choose(better);
      return;
    }
    case Kind::Sum:
    case Kind::Average:
    case Kind::Deviation:
    case Kind::Percentile:
      break;
  }
  if (!number) return;
  ++one.count;
  one.sum += *number;
  one.squares += *number * *number;
  if (aggregate.kind == Kind::Percentile) one.numbers.push_back(*number);
}

Value Run::total(const Aggregate& aggregate, Tally::One& one) {
  using Kind = Aggregate::Kind;
  const auto count = static_cast<double>(one.count);
  switch (aggregate.kind) {
    case Kind::Count:
      return Value::number(count);
    case Kind::CountDistinct:
      return Value::number(static_cast<double>(one.texts.size()));
    case Kind::Sum:
      return one.count == 0 ? Value() : Value::number(one.sum);
    case Kind::Average:
      return Value::number(one.sum / count);
    case Kind::Deviation: {
      const double mean = one.sum / count;
      return Value::number(std::sqrt(std::max(0.0, one.squares / count - mean * mean)));
    }
    case Kind::Percentile: {
      if (one.numbers.empty()) return {};
      // The nearest rank.
      const double rank = std::ceil(aggregate.percent / 100 * count);
      const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
      const auto place = one.numbers.begin() + static_cast<std::ptrdiff_t>(index);
      std::nth_element(one.numbers.begin(), place, one.numbers.end());
      return Value::number(*place);
    }
    default:
      return one.value;
  }
}

std::vector<Row> Run::totals(const Stats& stats) {
  std::vector<Row> rows;
  for (auto& [texts, tally] : groups_) {
    Row row;
    for (std::size_t i = 0; i < stats.keys.size(); ++i) row.set(stats.keys[i].name, tally.keys[i]);
    for (std::size_t i = 0; i < stats.aggregates.size(); ++i)
      row.set(aggregate_name(i), total(stats.aggregates[i], tally.ones[i]));
    for (const NamedExpression& column : stats.columns) row.set(column.name, column.value(row));
    rows.push_back(std::move(row));
  }
  groups_.clear();
  return rows;
}

}  // namespace aviary::logs::insights
