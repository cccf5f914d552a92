#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"
#include "services/cloudwatch/core/alarm_watch.hpp"
#include "services/cloudwatch/core/chart.hpp"

/// GetMetricWidgetImage: the graph of a dashboard as a picture. What a widget says is described in
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
namespace aviary::cloudwatch {
namespace {

constexpr int widest = 2000;
constexpr int highest = 1200;
constexpr std::size_t most_lines = 100;
constexpr std::size_t most_points = 100'000;

/// How a line is drawn that is no matter of its data.
struct Look {
  std::string label;
  std::optional<Colour> colour;
};

struct WidgetQueries {
  Json queries = Json::array();  ///< as GetMetricData takes them
  std::vector<Look> looks;       ///< of those that are drawn, in order
};

AwsError invalid_widget(std::string_view why) {
  return validation_error(fmt::format("Invalid MetricWidget: {}", why));
}

std::string text_in(const Json& object, const char* name, std::string otherwise = {}) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

/// `["AWS/Lambda", "Errors", "FunctionName", "f"]`, where `.` stands for what the row before has there, and
/// `...` for all that it has from there on. False if it is none.
bool read_names(const Json& row, std::vector<std::string>& before) {
  std::vector<std::string> names;
  for (const Json& part : row) {
    if (part.is_object()) break;
    if (!part.is_string()) return false;
    const std::string text = part.get<std::string>();
    if (text == "...") {
      const std::size_t behind = static_cast<std::size_t>(std::ranges::count_if(
                                     row, [](const Json& each) { return each.is_string(); })) -
                                 names.size() - 1;
      while (names.size() + behind < before.size()) names.push_back(before[names.size()]);
    } else if (text == ".") {
      if (names.size() >= before.size()) return false;
      names.push_back(before[names.size()]);
    } else {
      names.push_back(text);
    }
  }
  if (names.size() < 2 || names.size() % 2 != 0) return false;
  before = std::move(names);
  return true;
}

Result<WidgetQueries> read_metrics(const Json& widget) {
  WidgetQueries made;
  const auto metrics = widget.find("metrics");
  if (metrics == widget.end() || !metrics->is_array() || metrics->empty())
    return invalid_widget("metrics is a list of at least one metric");
  if (metrics->size() > most_lines) return invalid_widget(fmt::format("more than {} metrics", most_lines));
  std::vector<std::string> before;
  for (const Json& row : *metrics) {
    if (!row.is_array() || row.empty()) return invalid_widget("a metric is a list");
    const Json options = row.back().is_object() ? row.back() : Json::object();
    const bool expression = options.contains("expression");
    Json query{
        {"Id", text_in(options, "id",
                       fmt::format("{}{}", expression ? "aviary_e" : "aviary_m", made.queries.size()))}};
    Look look{text_in(options, "label"), parse_colour(text_in(options, "color"))};
    const Json* given = options.contains("period")  ? &options["period"]
                        : widget.contains("period") ? &widget["period"]
                                                    : nullptr;
    if (given && !given->is_number_integer()) return invalid_widget("period is a number");
    const Json seconds = given ? *given : Json(300);
    if (expression) {
      query["Expression"] = text_in(options, "expression");
    } else {
      if (!read_names(row, before)) return invalid_widget("a metric is a namespace, a name and dimensions");
      Json dimensions = Json::array();
      for (std::size_t i = 2; i < before.size(); i += 2)
        dimensions.push_back({{"Name", before[i]}, {"Value", before[i + 1]}});
      query["MetricStat"] = {
          {"Metric",
           {{"Namespace", before[0]}, {"MetricName", before[1]}, {"Dimensions", std::move(dimensions)}}},
          {"Period", seconds},
          {"Stat", text_in(options, "stat", text_in(widget, "stat", "Average"))}};
    }
    if (!look.label.empty()) query["Label"] = look.label;
    const auto visible = options.find("visible");
    query["ReturnData"] = visible == options.end() || *visible != false;
    made.queries.push_back(std::move(query));
    made.looks.push_back(std::move(look));
  }
  return made;
}

/// `PT3H`, `P1DT12H`: days, hours, minutes and seconds. Nothing if it is none.
std::optional<Duration> iso_duration(std::string_view text) {
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  Duration total{0};
  bool of_day = false;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      if (number > 1'000'000) return std::nullopt;
      continue;
    }
    switch (c) {
      case 'T':
        of_day = true;
        continue;
      case 'W':
        total += std::chrono::weeks(number);
        break;
      case 'D':
        total += std::chrono::days(number);
        break;
      case 'H':
        total += std::chrono::hours(number);
        break;
      case 'M':
        total += of_day ? Duration(std::chrono::minutes(number)) : Duration(std::chrono::days(30 * number));
        break;
      case 'S':
        total += std::chrono::seconds(number);
        break;
      default:
        return std::nullopt;
    }
    number = 0;
  }
  return total;
}

/// `2026-01-31T12:00:00Z`, or `-PT3H`: so long before now.
std::optional<EpochSeconds> moment_in(const Json& widget, const char* name, Instant now, Duration otherwise) {
  if (!widget.contains(name)) return to_seconds(now - otherwise);
  const std::string text = text_in(widget, name);
  if (const auto at = parse_iso8601(text)) return to_seconds(*at);
  const bool before = text.starts_with('-');
  const auto distance = iso_duration(std::string_view(text).substr(before ? 1 : 0));
  if (!distance) return std::nullopt;
  return to_seconds(before ? now - *distance : now + *distance);
}

std::optional<double> bound_in(const Json& widget, const char* name) {
  const Json::json_pointer at(fmt::format("/yAxis/left/{}", name));
  if (!widget.contains(at) || !widget.at(at).is_number()) return std::nullopt;
  return widget.at(at).get<double>();
}

void read_marks(const Json& widget, Chart& chart) {
  const Json::json_pointer at("/annotations/horizontal");
  if (!widget.contains(at) || !widget.at(at).is_array()) return;
  for (const Json& each : widget.at(at)) {
    if (!each.is_object() || !each.contains("value") || !each["value"].is_number()) continue;
    chart.marks.push_back({text_in(each, "label"),
                           parse_colour(text_in(each, "color")).value_or(Colour{214, 39, 40}),
                           each["value"].get<double>()});
  }
}

Result<Chart> read_chart(const Json& widget, Instant now) {
  Chart chart;
  for (const auto& [name, size, most] :
       {std::tuple("width", &chart.width, widest), std::tuple("height", &chart.height, highest)}) {
    if (!widget.contains(name)) continue;
    if (!widget[name].is_number_integer() || widget[name] < 1 || widget[name] > most)
      return invalid_widget(fmt::format("{} is a number from 1 to {}", name, most));
    *size = widget[name].get<int>();
  }
  const auto start = moment_in(widget, "start", now, std::chrono::hours(3));
  const auto end = moment_in(widget, "end", now, Duration{0});
  if (!start || !end || *start >= *end) return invalid_widget("start is a time before end");
  chart.start = *start;
  chart.end = *end;
  chart.title = text_in(widget, "title");
  chart.lowest = bound_in(widget, "min");
  chart.highest = bound_in(widget, "max");
  chart.stacked = widget.contains("stacked") && widget["stacked"] == true;
  read_marks(widget, chart);
  return chart;
}

}  // namespace

Result<Reply> CloudWatchService::get_metric_widget_image(Call& call) {
  const Json widget = parse_bounded<Json>(text_of(call.input, "MetricWidget"));
  if (!widget.is_object()) return invalid_widget("it is no JSON object");
  Result<Chart> chart = read_chart(widget, call.now);
  if (!chart) return chart.error();
  Result<WidgetQueries> read = read_metrics(widget);
  if (!read) return read.error();
  std::vector<MetricQuery> queries;
  for (std::size_t i = 0; i < read->queries.size(); ++i) {
    Result<MetricQuery> parsed = parse_metric_query(read->queries[i], fmt::format("metrics.{}", i));
    if (!parsed) return parsed.error();
    const EpochSeconds period = parsed->stat ? parsed->stat->period : 60;
    if (static_cast<std::size_t>((chart->end - chart->start) / period) > most_points)
      return invalid_widget("more datapoints than a picture can show");
    queries.push_back(std::move(*parsed));
  }
  QuerySet set;
  if (std::string problem = set.prepare(std::move(queries)); !problem.empty()) return invalid_widget(problem);
  for (QueryResult& result : set.run(metrics_, scope_of(call), floor_to(chart->start, 60), chart->end)) {
    const auto query = std::ranges::find(set.queries(), result.series.id, &MetricQuery::id);
    std::optional<Colour> colour;
    if (query != set.queries().end())
      colour = read->looks[static_cast<std::size_t>(query - set.queries().begin())].colour;
    chart->lines.push_back({std::move(result.series.label),
                            colour.value_or(colour_of_line(chart->lines.size())),
                            std::move(result.series.points)});
  }
  Reply reply;
  reply.output["MetricWidgetImage"] = draw_chart(*chart);
  return reply;
}

}  // namespace aviary::cloudwatch
