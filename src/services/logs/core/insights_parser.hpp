#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/logs/core/insights_functions.hpp"
#include "services/logs/core/insights_lexer.hpp"
#include "services/logs/core/insights_query.hpp"

namespace aviary::logs::insights {

/// Reads commands and expressions by descent; nothing, once, when the query is wrong: `problem` says why.
class Parser {
 public:
  Parser(std::string_view query, QueryMoment moment) : lexer_(query), moment_(moment) {}

  std::optional<Query> query();
  const std::string& problem() const noexcept { return problem_; }

 private:
  using Made = std::optional<Expression>;

  // insights_parser.cpp
  std::optional<Command> command();
  std::optional<Command> fields(bool display);
  std::optional<Command> parse();
  std::optional<Command> stats();
  std::optional<Command> sort();
  std::optional<Command> limit();
  std::optional<Command> dedup();
  std::optional<NamedExpression> named();
  std::optional<std::vector<NamedExpression>> named_list();

  // insights_expressions.cpp, the loosest binding first
  Made expression();
  Made conjunction();
  Made negation();
  Made comparison();
  Made like(Expression left);
  Made membership(Expression left);
  Made sum();
  Made product();
  Made power();
  Made sign();
  Made operand();
  Made call(const std::string& name);
  Made time_step(const std::string& name);
  Made aggregate(Aggregate::Kind kind);

  std::nullopt_t wrong();
  std::nullopt_t wrong(std::string why);

  Lexer lexer_;
  QueryMoment moment_;
  std::vector<Aggregate>* aggregates_ = nullptr;  ///< while `stats` is read
  int depth_ = 0;                                 ///< of parentheses
  std::string problem_;
};

}  // namespace aviary::logs::insights
