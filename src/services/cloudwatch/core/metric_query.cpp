#include "services/cloudwatch/core/metric_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "services/cloudwatch/core/search_expression.hpp"

namespace aviary::cloudwatch {
namespace {

constexpr std::size_t most_search_results = 500;  // "up to 500 time series"

/// `metric1 Sum 60`: what does not tell the metrics of a request apart is left out (seen at AWS).
std::string automatic_label(const MetricQuery& query, const std::vector<MetricQuery>& all) {
  bool stats_differ = false;
  bool periods_differ = false;
  for (const MetricQuery& other : all) {
    if (!other.stat) continue;
    stats_differ = stats_differ || other.stat->stat != query.stat->stat;
    periods_differ = periods_differ || other.stat->period != query.stat->period;
  }
  std::string label = query.stat->metric.name;
  if (stats_differ) label += " " + query.stat->stat;
  if (periods_differ) label += fmt::format(" {}", query.stat->period);
  return label;
}

std::string search_label(const MetricId& metric) {
  std::string label;
  for (const auto& [name, value] : metric.dimensions) label += value + " ";
  return label + metric.name;
}

}  // namespace

std::string QuerySet::prepare(std::vector<MetricQuery> queries) {
  queries_ = std::move(queries);
  trees_.clear();
  std::set<std::string, std::less<>> ids;
  for (const MetricQuery& query : queries_)
    if (!ids.insert(query.id).second)
      return "The values for parameter id in MetricDataQueries are not unique.";
  for (const MetricQuery& query : queries_) {
    trees_.push_back(nullptr);
    if (query.stat) continue;
    math::Parsed parsed = math::parse(query.expression);
    if (!parsed.tree) return fmt::format("Error in expression '{}': {}", query.id, parsed.problem);
    for (const std::string& name : math::names_in(*parsed.tree)) {
      if (!ids.contains(name))
        return fmt::format("Error in expression '{}': Unknown identifier '{}'", query.id, name);
    }
    trees_.back() = std::move(parsed.tree);
  }
  return {};
}

EpochSeconds QuerySet::longest_period() const {
  EpochSeconds longest = 0;
  for (const MetricQuery& query : queries_) {
    if (query.stat) longest = std::max(longest, query.stat->period);
    if (query.period) longest = std::max(longest, *query.period);
  }
  return longest == 0 ? 60 : longest;
}

/// One run over one stretch of time: every query is evaluated once, when first asked for.
struct QuerySet::Run {
  const QuerySet& set;
  const MetricStore& store;
  const Scope& scope;
  EpochSeconds start;
  EpochSeconds end;
  std::map<std::string, math::Value, std::less<>> values{};
  std::map<std::string, std::vector<std::pair<std::string, std::string>>, std::less<>> messages{};
  std::set<std::string, std::less<>> under_way{};

  std::size_t index_of(std::string_view id) const {
    const auto found = std::ranges::find(set.queries_, id, &MetricQuery::id);
    if (found == set.queries_.end()) throw math::MathError{fmt::format("there is no query '{}'", id)};
    return static_cast<std::size_t>(found - set.queries_.begin());
  }

  math::Value value(const std::string& id) {
    if (const auto known = values.find(id); known != values.end()) return known->second;
    if (!under_way.insert(id).second)
      throw math::MathError{fmt::format("the expression '{}' refers to itself", id)};
    const std::size_t index = index_of(id);
    math::Value result = set.queries_[index].stat ? metric(set.queries_[index]) : expression(index);
    under_way.erase(id);
    return values.emplace(id, std::move(result)).first->second;
  }

  math::Value metric(const MetricQuery& query) {
    Fetched fetched = fetch(store, scope, *query.stat, start, end);
    fetched.series.id = query.id;
    fetched.series.label = query.label.value_or(automatic_label(query, set.queries_));
    if (!fetched.units.empty())
      messages[query.id].emplace_back(
          "MultipleUnits", fmt::format("Multiple units returned: '[{}]'", fmt::join(fetched.units, ", ")));
    return std::move(fetched.series);
  }

  math::Value expression(std::size_t index) {
    const MetricQuery& query = set.queries_[index];
    math::Surroundings around;
    around.start = start;
    around.end = end;
    around.period = query.period.value_or(set.longest_period());
    around.query = [this](const std::string& id) { return value(id); };
    around.metrics = [this](std::string_view part) {
      std::vector<TimeSeries> all;
      for (const MetricQuery& other : set.queries_)
        if (other.stat && other.id.find(part) != std::string::npos)
          all.push_back(std::get<TimeSeries>(value(other.id)));
      return all;
    };
    around.search = [this](const std::string& text, const std::string& stat, EpochSeconds period) {
      return search(text, stat, period);
    };
    math::Value result = math::evaluate(*set.trees_[index], around);
    if (auto* series = std::get_if<TimeSeries>(&result)) {
      series->id = query.id;
      series->label = query.label.value_or(query.id);
    } else if (auto* several = std::get_if<std::vector<TimeSeries>>(&result)) {
      for (TimeSeries& one : *several) {
        one.id = query.id;
        if (query.label && !query.label->empty()) one.label = *query.label + " " + one.label;
      }
    }
    return result;
  }

  std::vector<TimeSeries> search(const std::string& text, const std::string& stat,
                                 EpochSeconds period) const {
    const std::optional<SearchExpression> wanted = SearchExpression::parse(text);
    if (!wanted) throw math::MathError{fmt::format("the search expression '{}' cannot be read", text)};
    const std::optional<Statistic> statistic = Statistic::parse(stat);
    if (!statistic) throw math::MathError{fmt::format("'{}' is no statistic", stat)};
    std::vector<TimeSeries> found;
    for (const auto& [key, metric] : store.metrics(scope)) {
      MetricId id = MetricId::from_key(key);
      if (!wanted->matches(id)) continue;
      std::string label = search_label(id);
      const MetricStat what{.metric = std::move(id), .period = period, .stat = stat, .statistic = *statistic};
      found.push_back(fetch(store, scope, what, start, end).series);
      found.back().label = std::move(label);
      if (found.size() == most_search_results) break;
    }
    return found;
  }
};

std::vector<QueryResult> QuerySet::run(const MetricStore& store, const Scope& scope, EpochSeconds start,
                                       EpochSeconds end) const {
  Run run{.set = *this, .store = store, .scope = scope, .start = start, .end = end};
  std::vector<QueryResult> results;
  for (const MetricQuery& query : queries_) {
    if (!query.return_data) continue;
    const auto empty_with = [&](std::string why) {
      TimeSeries none;
      none.id = query.id;
      none.label = query.label.value_or(query.id);
      results.push_back({std::move(none), {{"ArithmeticError", std::move(why)}}});
    };
    try {
      math::Value value = run.value(query.id);
      if (auto* several = std::get_if<std::vector<TimeSeries>>(&value)) {
        for (TimeSeries& series : *several) results.push_back({std::move(series), {}});
      } else if (auto* series = std::get_if<TimeSeries>(&value)) {
        results.push_back({std::move(*series), run.messages[query.id]});
      } else {
        empty_with("the expression gives a number, not a time series");
      }
    } catch (const math::MathError& error) {
      run.under_way.clear();
      empty_with(error.text);
    }
  }
  return results;
}

TimeSeries QuerySet::run_one(const std::string& id, const MetricStore& store, const Scope& scope,
                             EpochSeconds start, EpochSeconds end) const {
  Run run{.set = *this, .store = store, .scope = scope, .start = start, .end = end};
  math::Value value = run.value(id);
  if (auto* series = std::get_if<TimeSeries>(&value)) return std::move(*series);
  throw math::MathError{"an alarm watches a single time series"};
}

}  // namespace aviary::cloudwatch
