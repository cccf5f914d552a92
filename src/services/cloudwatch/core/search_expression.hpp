#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/cloudwatch/core/metric_id.hpp"

namespace aviary::cloudwatch {

/// The first argument of SEARCH: `{AWS/Lambda,FunctionName} MetricName="Errors" order`. A schema in braces
/// takes metrics with exactly those dimensions; words match parts of names and values whatever their case,
/// quoted ones whole names and values; `Name=value` looks at one of them; AND, OR, NOT and parentheses.
class SearchExpression {
 public:
  /// Nothing if the text cannot be read.
  static std::optional<SearchExpression> parse(std::string_view text);
  bool matches(const MetricId& metric) const;

 private:
  struct Node {
    enum class Kind { Everything, Term, And, Or, Not } kind = Kind::Everything;
    std::string property;  ///< `MetricName`, `Namespace`, a dimension; empty: all of them
    std::string text;
    bool exact = false;
    std::vector<Node> parts;
  };
  friend class SearchParser;
  static bool holds(const Node& node, const MetricId& metric);

  bool has_schema_ = false;
  std::string schema_namespace_;
  std::vector<std::string> schema_dimensions_;
  Node condition_;
};

}  // namespace aviary::cloudwatch
