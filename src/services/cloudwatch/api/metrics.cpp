#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/cloudwatch.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"
#include "services/cloudwatch/core/alarm_watch.hpp"

namespace aviary::cloudwatch {
namespace {

constexpr std::size_t most_datapoints_of_statistics = 1440;
constexpr std::size_t most_datapoints_of_data = 100'800;
constexpr std::size_t most_queries = 500;
constexpr std::size_t metrics_of_a_page = 500;

Json render(const MetricId& metric) {
  Json dimensions = Json::array();
  for (const auto& [name, value] : metric.dimensions)
    dimensions.push_back({{"Name", name}, {"Value", value}});
  return {{"Namespace", metric.metric_namespace},
          {"MetricName", metric.name},
          {"Dimensions", std::move(dimensions)}};
}

/// Requests begin at a whole minute, or below that at a whole period (GetMetricData, StartTime).
EpochSeconds rounded_start(EpochSeconds start, EpochSeconds shortest_period) {
  return floor_to(start, std::min<EpochSeconds>(shortest_period, 60));
}

/// A part of the results of a request: `from` counts all datapoints in the order in which they are given.
Json page_of(const std::vector<QueryResult>& results, bool ascending, std::size_t from, std::size_t size) {
  Json list = Json::array();
  std::size_t seen = 0;
  for (const QueryResult& result : results) {
    const auto& points = result.series.points;
    const std::size_t first = from > seen ? std::min(from - seen, points.size()) : 0;
    const std::size_t end = from + size > seen ? std::min(from + size - seen, points.size()) : 0;
    // What lies wholly on another page is not named on this one.
    const bool elsewhere = !points.empty() && first >= end;
    const bool empty_elsewhere = points.empty() && from > 0;
    if (!elsewhere && !empty_elsewhere) {
      Json timestamps = Json::array();
      Json values = Json::array();
      for (std::size_t i = first; i < end; ++i) {
        const TimeSeries::Point& point = points[ascending ? i : points.size() - 1 - i];
        timestamps.push_back(static_cast<double>(point.at));
        values.push_back(point.value);
      }
      Json entry{{"Id", result.series.id},
                 {"Label", result.series.label},
                 {"Timestamps", std::move(timestamps)},
                 {"Values", std::move(values)},
                 {"StatusCode", end < points.size() ? "PartialData" : "Complete"}};
      for (const auto& [code, text] : result.messages)
        entry["Messages"].push_back({{"Code", code}, {"Value", text}});
      list.push_back(std::move(entry));
    }
    seen += points.size();
  }
  return list;
}

}  // namespace

Result<Reply> CloudWatchService::get_metric_data(Call& call) {
  const EpochSeconds start = *seconds_of(call.input, "StartTime");
  const EpochSeconds end = *seconds_of(call.input, "EndTime");
  if (start >= end)
    return validation_error("The parameter StartTime must be less than the parameter EndTime.");
  const Json& given = call.input.at("MetricDataQueries");
  if (given.size() > most_queries)
    return validation_error(
        fmt::format("The collection MetricDataQueries must not have a size greater than {}.", most_queries));
  std::vector<MetricQuery> queries;
  EpochSeconds shortest = 60;
  for (const Json& query : given) {
    Result<MetricQuery> parsed =
        parse_metric_query(query, fmt::format("MetricDataQueries.member.{}", queries.size() + 1));
    if (!parsed) return parsed.error();
    if (parsed->stat) shortest = std::min(shortest, parsed->stat->period);
    queries.push_back(std::move(*parsed));
  }
  QuerySet set;
  if (std::string problem = set.prepare(std::move(queries)); !problem.empty())
    return validation_error(std::move(problem));
  if (std::ranges::none_of(set.queries(), &MetricQuery::return_data))
    return validation_error("At least one MetricDataQuery must have ReturnData set to true.");
  std::size_t from = 0;
  if (const std::string& token = text_of(call.input, "NextToken"); !token.empty()) {
    const std::optional<std::string> text = from_token(token);
    if (!text || std::from_chars(text->data(), text->data() + text->size(), from).ec != std::errc())
      return invalid_token();
  }
  std::size_t size = most_datapoints_of_data;
  if (const Json* most = find_member(call.input, "MaxDatapoints"))
    size = std::clamp<std::size_t>(most->get<std::size_t>(), 1, most_datapoints_of_data);
  const std::vector<QueryResult> results =
      set.run(metrics_, scope_of(call), rounded_start(start, shortest), end);
  std::size_t all = 0;
  for (const QueryResult& result : results) all += result.series.points.size();
  const bool ascending = text_of(call.input, "ScanBy") == "TimestampAscending";
  Reply reply;
  reply.output["MetricDataResults"] = page_of(results, ascending, from, size);
  reply.output["Messages"] = Json::array();
  if (from + size < all) reply.output["NextToken"] = token_for(std::to_string(from + size));
  return reply;
}

Result<Reply> CloudWatchService::get_metric_statistics(Call& call) {
  const EpochSeconds end = *seconds_of(call.input, "EndTime");
  const EpochSeconds period = call.input.at("Period").get<EpochSeconds>();
  if (!is_valid_period(period))
    return invalid_value(
        "The parameter Period must be a value in the set [1, 5, 10, 20, 30] or a multiple of 60.");
  if (*seconds_of(call.input, "StartTime") >= end)
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  const EpochSeconds start = rounded_start(*seconds_of(call.input, "StartTime"), period);
  const auto requested = static_cast<std::size_t>((end - start + period - 1) / period);
  if (requested > most_datapoints_of_statistics)
    return invalid_combination(
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. You may reduce "
                    "the datapoints "
                    "requested by increasing Period, or decreasing the time range.",
                    requested, most_datapoints_of_statistics));
  const std::vector<std::string> plain = texts_of(call.input, "Statistics");
  const std::vector<std::string> extended = texts_of(call.input, "ExtendedStatistics");
  if (plain.empty() && extended.empty())
    return invalid_combination("Must specify either Statistics or ExtendedStatistics");
  std::vector<Statistic> statistics;
  for (const auto* names : {&plain, &extended}) {
    for (const std::string& name : *names) {
      const std::optional<Statistic> statistic = Statistic::parse(name);
      if (!statistic)
        return invalid_value(
            fmt::format("The value {} for parameter ExtendedStatistics.member.1 is not valid.", name));
      statistics.push_back(*statistic);
    }
  }
  const MetricId metric = metric_id_of(call.input);
  const std::string& unit = text_of(call.input, "Unit");
  Json datapoints = Json::array();
  if (const MetricStore::Metric* found = metrics_.find(scope_of(call), metric)) {
    const bool distribution = std::ranges::any_of(statistics, &Statistic::wants_distribution);
    for (const auto& series : found->units) {
      if (!unit.empty() && series->unit != unit) continue;
      for_each_period(
          series->series, period, start, end, distribution, [&](EpochSeconds at, const Aggregate& samples) {
            Json point{{"Timestamp", static_cast<double>(at)}, {"Unit", std::string(series->unit)}};
            for (std::size_t i = 0; i < statistics.size(); ++i) {
              const std::optional<double> value = statistics[i].of(samples);
              if (!value) continue;
              if (i < plain.size())
                point[plain[i]] = *value;
              else
                point["ExtendedStatistics"][extended[i - plain.size()]] = *value;
            }
            datapoints.push_back(std::move(point));
          });
    }
  }
  Reply reply;
  reply.output = {{"Label", metric.name}, {"Datapoints", std::move(datapoints)}};
  return reply;
}

Result<Reply> CloudWatchService::list_metrics(Call& call) {
  const std::string& metric_namespace = text_of(call.input, "Namespace");
  const std::string& name = text_of(call.input, "MetricName");
  const Json* filters = find_member(call.input, "Dimensions");
  std::string after;
  if (const std::string& token = text_of(call.input, "NextToken"); !token.empty()) {
    std::optional<std::string> text = from_token(token);
    if (!text) return invalid_value("The parameter NextToken is invalid.");
    after = std::move(*text);
  }
  const EpochSeconds oldest =
      text_of(call.input, "RecentlyActive") == "PT3H" ? to_seconds(call.now) - 3 * 3600 : 0;
  const auto fits = [&](const MetricId& metric) {
    if (!metric_namespace.empty() && metric.metric_namespace != metric_namespace) return false;
    if (!name.empty() && metric.name != name) return false;
    if (!filters) return true;
    return std::ranges::all_of(*filters, [&metric](const Json& filter) {
      const std::string* value = metric.dimension(text_of(filter, "Name"));
      return value && (!find_member(filter, "Value") || *value == text_of(filter, "Value"));
    });
  };
  const MetricStore::Metrics& all = metrics_.metrics(scope_of(call));
  Reply reply;
  Json& list = reply.output["Metrics"] = Json::array();
  auto metric = after.empty() ? all.begin() : all.upper_bound(after);
  // Keys begin with the namespace: others need not be looked at.
  if (after.empty() && !metric_namespace.empty()) metric = all.lower_bound(metric_namespace);
  std::string last;
  for (; metric != all.end(); ++metric) {
    if (!metric_namespace.empty() && !metric->first.starts_with(metric_namespace)) break;
    const MetricId id = MetricId::from_key(metric->first);
    if (!fits(id)) continue;
    const bool active = std::ranges::any_of(metric->second->units, [oldest](const auto& unit) {
      return !unit->series.empty() && unit->series.newest() >= oldest;
    });
    if (!active) continue;
    if (list.size() == metrics_of_a_page) {
      reply.output["NextToken"] = token_for(last);
      break;
    }
    last = metric->first;
    list.push_back(render(id));
  }
  return reply;
}

}  // namespace aviary::cloudwatch
