#include "services/cloudwatch/core/math_value.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aviary::cloudwatch::math {
namespace {

/// Nothing when the point is to be dropped.
std::optional<double> apply(Operator op, double a, double b) {
  const auto truth = [](bool is) { return is ? 1.0 : 0.0; };
  switch (op) {
    case Operator::Add:
      return a + b;
    case Operator::Subtract:
      return a - b;
    case Operator::Multiply:
      return a * b;
    case Operator::Divide:
      if (b == 0) return std::nullopt;
      return a / b;
    case Operator::Power: {
      const double power = std::pow(a, b);
      if (!std::isfinite(power)) return std::nullopt;
      return power;
    }
    case Operator::Equal:
      return truth(a == b);
    case Operator::NotEqual:
      return truth(a != b);
    case Operator::Less:
      return truth(a < b);
    case Operator::LessEqual:
      return truth(a <= b);
    case Operator::Greater:
      return truth(a > b);
    case Operator::GreaterEqual:
      return truth(a >= b);
    case Operator::And:
      return truth(a != 0 && b != 0);
    case Operator::Or:
      return truth(a != 0 || b != 0);
  }
  return std::nullopt;
}

TimeSeries on_series(Operator op, const TimeSeries& series, double scalar, bool scalar_is_left) {
  TimeSeries result{.id = series.id, .label = series.label, .period = series.period, .points = {}};
  for (const TimeSeries::Point& point : series.points) {
    const auto value = scalar_is_left ? apply(op, scalar, point.value) : apply(op, point.value, scalar);
    if (value) result.points.push_back({point.at, *value});
  }
  return result;
}

TimeSeries on_pair(Operator op, const TimeSeries& left, const TimeSeries& right) {
  TimeSeries result{
      .id = left.id, .label = left.label, .period = std::max(left.period, right.period), .points = {}};
  auto a = left.points.begin();
  auto b = right.points.begin();
  while (a != left.points.end() || b != right.points.end()) {
    const bool has_a = a != left.points.end() && (b == right.points.end() || a->at <= b->at);
    const bool has_b = b != right.points.end() && (a == left.points.end() || b->at <= a->at);
    const EpochSeconds at = has_a ? a->at : b->at;
    if (const auto value = apply(op, has_a ? a->value : 0, has_b ? b->value : 0))
      result.points.push_back({at, *value});
    if (has_a) ++a;
    if (has_b) ++b;
  }
  return result;
}

}  // namespace

Value combine(Operator op, const Value& left, const Value& right) {
  const auto* left_scalar = std::get_if<double>(&left);
  const auto* right_scalar = std::get_if<double>(&right);
  if (left_scalar && right_scalar) {
    const auto value = apply(op, *left_scalar, *right_scalar);
    if (!value) throw MathError{"division by zero"};
    return *value;
  }
  const auto* left_list = std::get_if<std::vector<TimeSeries>>(&left);
  const auto* right_list = std::get_if<std::vector<TimeSeries>>(&right);
  if (left_list && right_list) throw MathError{"an operator cannot take two arrays of time series"};
  if (left_list || right_list) {
    std::vector<TimeSeries> results;
    for (const TimeSeries& series : left_list ? *left_list : *right_list) {
      const Value one(series);
      results.push_back(std::get<TimeSeries>(left_list ? combine(op, one, right) : combine(op, left, one)));
      results.back().id = series.id;
      results.back().label = series.label;
    }
    return results;
  }
  if (left_scalar) return on_series(op, std::get<TimeSeries>(right), *left_scalar, true);
  if (right_scalar) return on_series(op, std::get<TimeSeries>(left), *right_scalar, false);
  return on_pair(op, std::get<TimeSeries>(left), std::get<TimeSeries>(right));
}

Value negate(const Value& value) { return combine(Operator::Multiply, value, -1.0); }

Value evaluate(const Node& tree, const Surroundings& around) {
  if (const auto* number = std::get_if<Number>(&tree.what)) return number->value;
  if (const auto* name = std::get_if<Name>(&tree.what)) return around.query(name->id);
  if (const auto* call = std::get_if<CallFunction>(&tree.what)) return call_function(*call, around);
  if (const auto* minus = std::get_if<Negate>(&tree.what)) return negate(evaluate(*minus->of, around));
  if (const auto* binary = std::get_if<Binary>(&tree.what)) {
    const Value left = evaluate(*binary->left, around);
    const Value right = evaluate(*binary->right, around);
    return combine(binary->op, left, right);
  }
  if (const auto* list = std::get_if<List>(&tree.what)) {
    std::vector<TimeSeries> all;
    for (const NodePtr& item : list->items) {
      Value value = evaluate(*item, around);
      if (auto* series = std::get_if<TimeSeries>(&value))
        all.push_back(std::move(*series));
      else if (auto* several = std::get_if<std::vector<TimeSeries>>(&value))
        for (TimeSeries& one : *several) all.push_back(std::move(one));
      else
        throw MathError{"an array holds time series only"};
    }
    return all;
  }
  throw MathError{"a text has no value here"};
}

}  // namespace aviary::cloudwatch::math
