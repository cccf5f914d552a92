#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "services/logs/core/insights_row.hpp"
#include "services/logs/core/regex.hpp"

/// A query in the language of CloudWatch Logs Insights, read.
///
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
namespace aviary::logs::insights {

/// Gives a value for a row; pure.
using Expression = std::function<Value(const Row&)>;

struct NamedExpression {
  std::string name;  ///< its alias, or its text
  Expression value;
  bool plain = false;  ///< just the field of that name
};

struct Fields {
  std::vector<NamedExpression> columns;
  bool display = false;  ///< shows these and no others
};
struct Filter {
  Expression condition;
};
struct Parse {
  struct Field {
    std::string group;  ///< of the pattern
    std::string name;
  };
  Expression source;
  Regex pattern;
  std::vector<Field> fields;
};
struct Aggregate {
  enum class Kind : std::uint8_t {
    Count,
    CountDistinct,
    Sum,
    Average,
    Minimum,
    Maximum,
    Percentile,
    Deviation,
    Earliest,
    Latest,
    First,
    Last,
  };
  Kind kind;
  Expression value;    ///< empty: of count(*)
  double percent = 0;  ///< of a percentile
};
struct Stats {
  std::vector<Aggregate> aggregates;     ///< number N is the field `aggregate_name(N)` of a group
  std::vector<NamedExpression> keys;     ///< `by`
  std::vector<NamedExpression> columns;  ///< over keys and aggregates
};
struct Sort {
  struct Key {
    Expression value;
    bool descending = false;
  };
  std::vector<Key> keys;
};
struct Limit {
  std::size_t rows = 0;
};
struct Dedup {
  std::vector<Expression> fields;
};

using Command = std::variant<Fields, Filter, Parse, Stats, Sort, Limit, Dedup>;
using Query = std::vector<Command>;

/// No field can be called so by a query.
std::string aggregate_name(std::size_t number);

/// What a query runs against, as far as its functions need it.
struct QueryMoment {
  Millis now = 0;
};

struct QueryProblem {
  std::string text;  ///< `unexpected symbol found x at line 1 and position 8`
};
std::variant<Query, QueryProblem> parse_query(std::string_view text, QueryMoment moment);

}  // namespace aviary::logs::insights
