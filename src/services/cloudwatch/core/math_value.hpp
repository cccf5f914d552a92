#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "services/cloudwatch/core/math_expression.hpp"
#include "services/cloudwatch/core/time_series.hpp"

namespace aviary::cloudwatch::math {

/// What an expression can be: a number (S), a time series (TS), or several of them (TS[]).
using Value = std::variant<double, TimeSeries, std::vector<TimeSeries>>;

/// Why an expression has no value; the text is for people.
struct MathError {
  std::string text;
};

/// An operator on numbers and series. As at AWS a missing value counts as 0 where the other side has one, and
/// a division by zero drops the point.
Value combine(Operator op, const Value& left, const Value& right);
Value negate(const Value& value);

/// What surrounds an expression.
struct Surroundings {
  EpochSeconds start = 0;
  EpochSeconds end = 0;
  EpochSeconds period = 60;  ///< of series that are made of nothing (TIME_SERIES)
  /// The value of another query; throws MathError.
  std::function<Value(const std::string& id)> query;
  /// The metrics of the request, those whose id contains the text: METRICS().
  std::function<std::vector<TimeSeries>(std::string_view)> metrics;
  /// SEARCH: expression, statistic, period.
  std::function<std::vector<TimeSeries>(const std::string&, const std::string&, EpochSeconds)> search;
};

/// Throws MathError.
Value evaluate(const Node& tree, const Surroundings& around);
/// The functions of metric math (math_functions.cpp). Arguments come as trees: some are words.
Value call_function(const CallFunction& call, const Surroundings& around);

}  // namespace aviary::cloudwatch::math
