#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "services/cloudwatch/core/math_value.hpp"

namespace aviary::cloudwatch::math {
namespace {

using SeriesList = std::vector<TimeSeries>;
using Points = std::vector<TimeSeries::Point>;

/// One call, its arguments evaluated as they are asked for.
class Arguments {
 public:
  Arguments(const CallFunction& call, const Surroundings& around) : call_(call), around_(around) {}

  std::size_t size() const { return call_.arguments.size(); }
  void expect(std::size_t least, std::size_t most) const {
    if (size() < least || size() > most)
      throw MathError{fmt::format("{} takes {} to {} arguments", call_.name, least, most)};
  }
  Value value(std::size_t i) const { return evaluate(*call_.arguments[i], around_); }
  double scalar(std::size_t i) const {
    const Value v = value(i);
    if (const auto* number = std::get_if<double>(&v)) return *number;
    throw MathError{fmt::format("argument {} of {} must be a number", i + 1, call_.name)};
  }
  SeriesList list(std::size_t i) const {
    Value v = value(i);
    if (auto* several = std::get_if<SeriesList>(&v)) return std::move(*several);
    if (auto* one = std::get_if<TimeSeries>(&v)) return {std::move(*one)};
    throw MathError{fmt::format("argument {} of {} must be a time series", i + 1, call_.name)};
  }
  /// A word like `REPEAT`, or nothing.
  std::string word(std::size_t i) const {
    const auto* name = std::get_if<Name>(&call_.arguments[i]->what);
    return name ? name->id : std::string();
  }
  std::string text(std::size_t i) const {
    if (const auto* quoted = std::get_if<Text>(&call_.arguments[i]->what)) return quoted->value;
    throw MathError{fmt::format("argument {} of {} must be a text", i + 1, call_.name)};
  }

 private:
  const CallFunction& call_;
  const Surroundings& around_;
};

/// Applies something to one series, or to each of several.
template <class Change>
Value each(const Value& value, Change change) {
  if (const auto* one = std::get_if<TimeSeries>(&value)) return change(*one);
  if (const auto* several = std::get_if<SeriesList>(&value)) {
    SeriesList results;
    for (const TimeSeries& series : *several) results.push_back(change(series));
    return results;
  }
  throw MathError{"the function takes time series, not a number"};
}

TimeSeries with_points(const TimeSeries& of, Points points) {
  return {.id = of.id, .label = of.label, .period = of.period, .points = std::move(points)};
}

template <class Change>
Value each_point(const Value& value, Change change) {
  return each(value, [&](const TimeSeries& series) {
    Points points;
    for (const TimeSeries::Point& point : series.points) {
      const double changed = change(point.value);
      if (std::isfinite(changed)) points.push_back({point.at, changed});
    }
    return with_points(series, std::move(points));
  });
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}
double deviation(const std::vector<double>& values) {
  if (values.empty()) return 0;
  const double mean = sum(values) / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

/// AVG, SUM and the like: `width` is how many values there could have been.
using Summary = double (*)(const std::vector<double>& values, std::size_t width);
const std::map<std::string, Summary, std::less<>> summaries = {
    {"SUM", [](const std::vector<double>& v, std::size_t) { return sum(v); }},
    {"AVG",
     [](const std::vector<double>& v, std::size_t width) { return sum(v) / static_cast<double>(width); }},
    {"MIN", [](const std::vector<double>& v, std::size_t) { return *std::ranges::min_element(v); }},
    {"MAX", [](const std::vector<double>& v, std::size_t) { return *std::ranges::max_element(v); }},
    {"STDDEV", [](const std::vector<double>& v, std::size_t) { return deviation(v); }},
    {"DATAPOINT_COUNT",
     [](const std::vector<double>& v, std::size_t) { return static_cast<double>(v.size()); }},
};

/// A number of one series; over several ones a series of the numbers of each moment.
Value summarise(Summary summary, const Value& value) {
  if (const auto* one = std::get_if<TimeSeries>(&value)) {
    std::vector<double> values;
    for (const TimeSeries::Point& point : one->points) values.push_back(point.value);
    return values.empty() ? 0.0 : summary(values, values.size());
  }
  const auto* several = std::get_if<SeriesList>(&value);
  if (!several) throw MathError{"the function takes time series, not a number"};
  std::map<EpochSeconds, std::vector<double>> moments;
  TimeSeries result;
  for (const TimeSeries& series : *several) {
    result.period = &series == several->data() ? series.period : std::max(result.period, series.period);
    for (const TimeSeries::Point& point : series.points) moments[point.at].push_back(point.value);
  }
  for (const auto& [at, values] : moments) result.points.push_back({at, summary(values, several->size())});
  return result;
}

enum class Difference { Value, Time, Rate };

Value differences(const Value& value, Difference kind) {
  return each(value, [kind](const TimeSeries& series) {
    Points points;
    for (std::size_t i = 1; i < series.points.size(); ++i) {
      const double change = series.points[i].value - series.points[i - 1].value;
      const auto time = static_cast<double>(series.points[i].at - series.points[i - 1].at);
      points.push_back({series.points[i].at, kind == Difference::Value  ? change
                                             : kind == Difference::Time ? time
                                                                        : change / time});
    }
    return with_points(series, std::move(points));
  });
}

TimeSeries fill(const TimeSeries& series, const Arguments& arguments, const Surroundings& around) {
  const std::string how = arguments.word(1);
  std::map<EpochSeconds, double> other;
  double constant = 0;
  bool from_series = false;
  if (how != "REPEAT" && how != "LINEAR") {
    const Value filler = arguments.value(1);
    if (const auto* number = std::get_if<double>(&filler))
      constant = *number;
    else if (const auto* one = std::get_if<TimeSeries>(&filler)) {
      from_series = true;
      for (const TimeSeries::Point& point : one->points) other[point.at] = point.value;
    } else {
      throw MathError{"FILL takes a number, a time series, REPEAT or LINEAR"};
    }
  }
  Points points;
  auto next = series.points.begin();
  for (EpochSeconds at = around.start; at < around.end; at += series.period) {
    if (next != series.points.end() && next->at == at) {
      points.push_back(*next++);
      continue;
    }
    if (how == "REPEAT") {
      if (!points.empty()) points.push_back({at, points.back().value});
    } else if (how == "LINEAR") {
      if (next == series.points.begin() || next == series.points.end()) continue;
      const auto before = std::prev(next);
      const double part = static_cast<double>(at - before->at) / static_cast<double>(next->at - before->at);
      points.push_back({at, before->value + part * (next->value - before->value)});
    } else if (from_series) {
      if (const auto found = other.find(at); found != other.end()) points.push_back({at, found->second});
    } else {
      points.push_back({at, constant});
    }
  }
  return with_points(series, std::move(points));
}

std::optional<double> at_moment(const Value& value, EpochSeconds at) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  const auto* series = std::get_if<TimeSeries>(&value);
  if (!series) throw MathError{"IF takes numbers and single time series"};
  const auto found = std::ranges::lower_bound(series->points, at, {}, &TimeSeries::Point::at);
  if (found == series->points.end() || found->at != at) return std::nullopt;
  return found->value;
}

Value choose(const Arguments& arguments) {
  arguments.expect(2, 3);
  const Value condition = arguments.value(0);
  const Value yes = arguments.value(1);
  const bool has_no = arguments.size() == 3;
  const Value no = has_no ? arguments.value(2) : Value(0.0);
  if (const auto* scalar = std::get_if<double>(&condition)) {
    if (*scalar != 0) return yes;
    return has_no ? no : Value(TimeSeries{});
  }
  const auto* deciding = std::get_if<TimeSeries>(&condition);
  if (!deciding) throw MathError{"the condition of IF must be a number or one time series"};
  Points points;
  for (const TimeSeries::Point& point : deciding->points) {
    if (point.value != 0) {
      points.push_back({point.at, at_moment(yes, point.at).value_or(0)});
    } else if (has_no) {
      if (const auto value = at_moment(no, point.at)) points.push_back({point.at, *value});
    }
  }
  return with_points(*deciding, std::move(points));
}

double part_of_time(std::string_view which, EpochSeconds at) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(at)};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss time{moment - day};
  if (which == "MINUTE") return static_cast<double>(time.minutes().count());
  if (which == "HOUR") return static_cast<double>(time.hours().count());
  if (which == "DAY") return weekday{day}.iso_encoding();
  if (which == "DATE") return static_cast<unsigned>(date.day());
  if (which == "MONTH") return static_cast<unsigned>(date.month());
  if (which == "YEAR") return static_cast<int>(date.year());
  return static_cast<double>(at);  // EPOCH
}

TimeSeries full_series(const Surroundings& around, EpochSeconds period, auto value_at) {
  TimeSeries series;
  series.period = period;
  for (EpochSeconds at = around.start; at < around.end; at += period)
    series.points.push_back({at, value_at(at)});
  return series;
}

Value sorted(const Arguments& arguments) {
  arguments.expect(3, 4);
  SeriesList list = arguments.list(0);
  const auto by = summaries.find(arguments.word(1));
  const std::string order = arguments.word(2);
  if (by == summaries.end() || (order != "ASC" && order != "DESC"))
    throw MathError{"SORT takes time series, a function and ASC or DESC"};
  std::vector<std::pair<double, TimeSeries>> keyed;
  for (TimeSeries& series : list) {
    const double key = std::get<double>(summarise(by->second, series));
    keyed.emplace_back(key, std::move(series));
  }
  std::ranges::stable_sort(keyed, [&order](const auto& a, const auto& b) {
    return order == "ASC" ? a.first < b.first : a.first > b.first;
  });
  list.clear();
  const std::size_t most =
      arguments.size() == 4 ? static_cast<std::size_t>(std::max(0.0, arguments.scalar(3))) : keyed.size();
  for (std::size_t i = 0; i < std::min(most, keyed.size()); ++i) list.push_back(std::move(keyed[i].second));
  return list;
}

Value slice(const Arguments& arguments) {
  arguments.expect(2, 3);
  SeriesList list = arguments.list(0);
  const auto bound = [&list](double wanted) {
    return static_cast<std::ptrdiff_t>(std::clamp(wanted, 0.0, static_cast<double>(list.size())));
  };
  const std::ptrdiff_t from = bound(arguments.scalar(1));
  const std::ptrdiff_t until =
      std::max(from, arguments.size() == 3 ? bound(arguments.scalar(2)) : bound(1e18));
  return SeriesList(list.begin() + from, list.begin() + until);
}

}  // namespace

Value call_function(const CallFunction& call, const Surroundings& around) {
  const Arguments arguments(call, around);
  const std::string& name = call.name;
  if (name == "IF") return choose(arguments);
  if (name == "METRICS") {
    arguments.expect(0, 1);
    return around.metrics(arguments.size() == 1 ? arguments.text(0) : std::string());
  }
  if (name == "SEARCH") {
    arguments.expect(2, 3);
    const auto period =
        arguments.size() == 3 ? static_cast<EpochSeconds>(arguments.scalar(2)) : around.period;
    if (period <= 0) throw MathError{"the period of SEARCH must be above zero"};
    return around.search(arguments.text(0), arguments.text(1), period);
  }
  if (const auto summary = summaries.find(name); summary != summaries.end()) {
    arguments.expect(1, 1);
    return summarise(summary->second, arguments.value(0));
  }
  if (name == "SORT") return sorted(arguments);
  if (name == "SLICE") return slice(arguments);
  if (name == "FILL") {
    arguments.expect(2, 2);
    return each(arguments.value(0),
                [&](const TimeSeries& series) { return fill(series, arguments, around); });
  }
  static constexpr std::string_view known[] = {
      "ABS",         "CEIL",   "FLOOR",        "LOG",          "LOG10", "DIFF", "DIFF_TIME",   "RATE",
      "RUNNING_SUM", "PERIOD", "METRIC_COUNT", "REMOVE_EMPTY", "FIRST", "LAST", "TIME_SERIES", "MINUTE",
      "HOUR",        "DAY",    "DATE",         "MONTH",        "YEAR",  "EPOCH"};
  if (std::ranges::find(known, name) == std::end(known))
    throw MathError{fmt::format("the function {} is not known", name)};
  arguments.expect(1, 1);
  if (name == "TIME_SERIES") {
    const double value = arguments.scalar(0);
    return full_series(around, around.period, [value](EpochSeconds) { return value; });
  }
  if (name == "METRIC_COUNT") return static_cast<double>(arguments.list(0).size());
  if (name == "REMOVE_EMPTY" || name == "FIRST" || name == "LAST" || name == "PERIOD") {
    SeriesList list = arguments.list(0);
    if (name == "PERIOD") {
      if (list.size() != 1) throw MathError{"PERIOD takes one time series"};
      return static_cast<double>(list.front().period);
    }
    if (name == "REMOVE_EMPTY") {
      std::erase_if(list, [](const TimeSeries& series) { return series.points.empty(); });
      return list;
    }
    if (list.empty()) return TimeSeries{};
    return name == "FIRST" ? list.front() : list.back();
  }
  const Value value = arguments.value(0);
  if (name == "ABS") return each_point(value, [](double v) { return std::fabs(v); });
  if (name == "CEIL") return each_point(value, [](double v) { return std::ceil(v); });
  if (name == "FLOOR") return each_point(value, [](double v) { return std::floor(v); });
  if (name == "LOG") return each_point(value, [](double v) { return std::log(v); });
  if (name == "LOG10") return each_point(value, [](double v) { return std::log10(v); });
  if (name == "DIFF") return differences(value, Difference::Value);
  if (name == "DIFF_TIME") return differences(value, Difference::Time);
  if (name == "RATE") return differences(value, Difference::Rate);
  if (name == "RUNNING_SUM") {
    return each(value, [](const TimeSeries& series) {
      Points points;
      double total = 0;
      for (const TimeSeries::Point& point : series.points) points.push_back({point.at, total += point.value});
      return with_points(series, std::move(points));
    });
  }
  // MINUTE and its like: a value for every period, whether the series has one or not.
  return each(value, [&](const TimeSeries& series) {
    return full_series(around, series.period, [&name](EpochSeconds at) { return part_of_time(name, at); });
  });
}

}  // namespace aviary::cloudwatch::math
