#include <algorithm>
#include <cmath>

#include "services/logs/core/insights_parser.hpp"
#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs::insights {
namespace {

constexpr int deepest = 100;

Expression literal(Value value) {
  return [value = std::move(value)](const Row&) { return value; };
}

template <class Operation>
Expression arithmetic(Expression left, Expression right, Operation operation) {
  return [left = std::move(left), right = std::move(right), operation](const Row& row) {
    const std::optional<double> x = left(row).as_number();
    const std::optional<double> y = right(row).as_number();
    return x && y ? Value::number(operation(*x, *y)) : Value();
  };
}

/// What is not there compares to nothing, but for «is not that».
template <class Holds>
Expression comparing(Expression left, Expression right, bool without, Holds holds) {
  return [left = std::move(left), right = std::move(right), without, holds](const Row& row) {
    const Value x = left(row);
    const Value y = right(row);
    if (!x.exists() || !y.exists()) return Value::boolean(without && x.exists() != y.exists());
    return Value::boolean(holds(compare(x, y)));
  };
}

Expression negated(Expression of) {
  return [of = std::move(of)](const Row& row) { return Value::boolean(!of(row).is_true()); };
}

struct AggregateName {
  std::string_view name;
  Aggregate::Kind kind;
};
constexpr AggregateName aggregate_names[] = {
    {"count", Aggregate::Kind::Count},       {"count_distinct", Aggregate::Kind::CountDistinct},
    {"sum", Aggregate::Kind::Sum},           {"avg", Aggregate::Kind::Average},
    {"min", Aggregate::Kind::Minimum},       {"max", Aggregate::Kind::Maximum},
    {"pct", Aggregate::Kind::Percentile},    {"percentile", Aggregate::Kind::Percentile},
    {"median", Aggregate::Kind::Percentile}, {"stddev", Aggregate::Kind::Deviation},
    {"earliest", Aggregate::Kind::Earliest}, {"latest", Aggregate::Kind::Latest},
    {"sortsfirst", Aggregate::Kind::First},  {"sortslast", Aggregate::Kind::Last},
};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

}  // namespace

Parser::Made Parser::expression() {
  Made left = conjunction();
  while (left && lexer_.take_word("or")) {
    Made right = conjunction();
    if (!right) return std::nullopt;
    left = [a = std::move(*left), b = std::move(*right)](const Row& row) {
      return Value::boolean(a(row).is_true() || b(row).is_true());
    };
  }
  return left;
}

Parser::Made Parser::conjunction() {
  Made left = negation();
  while (left && lexer_.take_word("and")) {
    Made right = negation();
    if (!right) return std::nullopt;
    left = [a = std::move(*left), b = std::move(*right)](const Row& row) {
      return Value::boolean(a(row).is_true() && b(row).is_true());
    };
  }
  return left;
}

Parser::Made Parser::negation() {
  bool negate = false;
  while (lexer_.take_word("not")) negate = !negate;
  Made of = comparison();
  if (of && negate) return negated(std::move(*of));
  return of;
}

Parser::Made Parser::comparison() {
  Made left = sum();
  if (!left) return std::nullopt;
  if (lexer_.take_word("like") || lexer_.take_sign("=~")) return like(std::move(*left));
  if (lexer_.take_word("in")) return membership(std::move(*left));
  if (lexer_.take_word("not")) {
    Made of;
    if (lexer_.take_word("like"))
      of = like(std::move(*left));
    else if (lexer_.take_word("in"))
      of = membership(std::move(*left));
    else
      return wrong();
    return of ? Made(negated(std::move(*of))) : std::nullopt;
  }
  const std::string sign = lexer_.peek().kind == Token::Kind::Sign ? lexer_.peek().text : std::string();
  const bool compares = sign == "=" || sign == "==" || sign == "!=" || sign == "<>" || sign == "<" ||
                        sign == "<=" || sign == ">" || sign == ">=";
  if (!compares) return left;
  lexer_.take();
  Made right = sum();
  if (!right) return std::nullopt;
  const auto with = [&](bool without, auto holds) {
    return comparing(std::move(*left), std::move(*right), without, holds);
  };
  using Order = std::weak_ordering;
  if (sign == "=" || sign == "==") return with(false, [](Order o) { return o == 0; });
  if (sign == "!=" || sign == "<>") return with(true, [](Order o) { return o != 0; });
  if (sign == "<") return with(false, [](Order o) { return o < 0; });
  if (sign == "<=") return with(false, [](Order o) { return o <= 0; });
  if (sign == ">") return with(false, [](Order o) { return o > 0; });
  return with(false, [](Order o) { return o >= 0; });
}

Parser::Made Parser::like(Expression left) {
  if (lexer_.peek().kind == Token::Kind::Sign && lexer_.peek().raw == "/") {
    const std::optional<std::string> text = lexer_.take_regex();
    const std::optional<Regex> regex = text ? Regex::compile(*text) : std::nullopt;
    if (!regex) return wrong("the regular expression is not valid");
    return [left = std::move(left), regex = *regex](const Row& row) {
      return Value::boolean(regex.found_in(left(row).as_text()));
    };
  }
  if (lexer_.peek().kind != Token::Kind::Text) return wrong();
  return [left = std::move(left), part = lexer_.take().text](const Row& row) {
    return Value::boolean(left(row).as_text().find(part) != std::string::npos);
  };
}

Parser::Made Parser::membership(Expression left) {
  if (!lexer_.take_sign("[")) return wrong();
  std::vector<Expression> members;
  do {
    Made member = sum();
    if (!member) return std::nullopt;
    members.push_back(std::move(*member));
  } while (lexer_.take_sign(","));
  if (!lexer_.take_sign("]")) return wrong();
  return [left = std::move(left), members = std::move(members)](const Row& row) {
    const Value value = left(row);
    if (!value.exists()) return Value::boolean(false);
    return Value::boolean(std::ranges::any_of(
        members, [&](const Expression& member) { return compare(value, member(row)) == 0; }));
  };
}

Parser::Made Parser::sum() {
  Made left = product();
  while (left) {
    const bool plus = lexer_.take_sign("+");
    if (!plus && !lexer_.take_sign("-")) break;
    Made right = product();
    if (!right) return std::nullopt;
    left = plus ? arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return x + y; })
                : arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return x - y; });
  }
  return left;
}

Parser::Made Parser::product() {
  Made left = power();
  while (left) {
    const std::string sign = lexer_.peek().kind == Token::Kind::Sign ? lexer_.peek().text : std::string();
    if (sign != "*" && sign != "/" && sign != "%") break;
    lexer_.take();
    Made right = power();
    if (!right) return std::nullopt;
    if (sign == "*")
      left = arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return x * y; });
    else if (sign == "/")
      left = arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return x / y; });
    else
      left =
          arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return std::fmod(x, y); });
  }
  return left;
}

Parser::Made Parser::power() {
  Made left = sign();
  if (!left || !lexer_.take_sign("^")) return left;
  if (++depth_ > deepest) return wrong("the query is nested too deeply");
  Made right = power();
  --depth_;
  if (!right) return std::nullopt;
  return arithmetic(std::move(*left), std::move(*right), [](double x, double y) { return std::pow(x, y); });
}

Parser::Made Parser::sign() {
  bool minus = false;
  while (lexer_.take_sign("-")) minus = !minus;
  Made of = operand();
  if (!of || !minus) return of;
  return arithmetic(literal(Value::number(0)), std::move(*of), [](double x, double y) { return x - y; });
}

Parser::Made Parser::operand() {
  if (lexer_.take_sign("(")) {
    if (++depth_ > deepest) return wrong("the query is nested too deeply");
    Made inner = expression();
    --depth_;
    if (!inner) return std::nullopt;
    if (!lexer_.take_sign(")")) return wrong();
    return inner;
  }
  switch (lexer_.peek().kind) {
    case Token::Kind::Text:
      return literal(Value::text(lexer_.take().text));
    case Token::Kind::Number: {
      const std::optional<double> number = parse_number(lexer_.peek().text);
      if (!number) return wrong();
      lexer_.take();
      return literal(Value::number(*number));
    }
    case Token::Kind::Word: {
      const bool plain = !lexer_.peek().raw.starts_with('`');
      const std::string name = lexer_.take().text;
      if (plain && lexer_.take_sign("(")) {
        if (++depth_ > deepest) return wrong("the query is nested too deeply");
        Made made = call(name);
        --depth_;
        return made;
      }
      return [name](const Row& row) { return row.field(name); };
    }
    default:
      return wrong();
  }
}

Parser::Made Parser::call(const std::string& name) {
  const std::string lower = lower_case(name);
  if (lower == "bin" || lower == "datefloor" || lower == "dateceil") return time_step(lower);
  if (aggregates_) {
    const auto found = std::ranges::find(aggregate_names, lower, &AggregateName::name);
    if (found != std::end(aggregate_names)) {
      const std::size_t number = aggregates_->size();
      Made made = aggregate(found->kind);
      if (made && lower == "median") (*aggregates_)[number].percent = 50;
      return made;
    }
  }
  std::vector<Expression> arguments;
  if (!lexer_.take_sign(")")) {
    do {
      Made argument = expression();
      if (!argument) return std::nullopt;
      arguments.push_back(std::move(*argument));
    } while (lexer_.take_sign(","));
    if (!lexer_.take_sign(")")) return wrong();
  }
  Made made = make_call(name, std::move(arguments), moment_);
  if (!made) return wrong("there is no function " + name + " that takes this");
  return made;
}

Parser::Made Parser::time_step(const std::string& name) {
  Expression time = [](const Row& row) { return row.field("@timestamp"); };
  if (lexer_.peek().kind != Token::Kind::Number) {
    Made given = expression();
    if (!given) return std::nullopt;
    time = std::move(*given);
    if (!lexer_.take_sign(",")) return wrong();
  }
  if (lexer_.peek().kind != Token::Kind::Number) return wrong();
  const std::optional<double> count = parse_number(lexer_.take().text);
  if (lexer_.peek().kind != Token::Kind::Word) return wrong();
  const std::string unit = lower_case(lexer_.peek().text);
  Made made = make_time_step(std::move(time), count.value_or(0), unit,
                             name == "dateceil" ? Rounding::Up : Rounding::Down);
  if (!made) return wrong();
  lexer_.take();
  if (!lexer_.take_sign(")")) return wrong();
  return made;
}

Parser::Made Parser::aggregate(Aggregate::Kind kind) {
  Aggregate made{.kind = kind, .value = {}};
  // An aggregate of an aggregate makes no sense.
  std::vector<Aggregate>* const outer = std::exchange(aggregates_, nullptr);
  const auto finish = [this, outer] { aggregates_ = outer; };
  if (lexer_.take_sign("*")) {
    if (kind != Aggregate::Kind::Count) {
      finish();
      return wrong();
    }
  } else if (!(kind == Aggregate::Kind::Count && lexer_.peek().raw == ")")) {
    Made value = expression();
    if (!value) {
      finish();
      return std::nullopt;
    }
    made.value = std::move(*value);
  }
  if (kind == Aggregate::Kind::Percentile && lexer_.take_sign(",")) {
    const std::optional<double> percent =
        lexer_.peek().kind == Token::Kind::Number ? parse_number(lexer_.peek().text) : std::nullopt;
    if (!percent || *percent > 100) {
      finish();
      return wrong();
    }
    made.percent = *percent;
    lexer_.take();
  }
  finish();
  if (!lexer_.take_sign(")")) return wrong();
  const std::string name = aggregate_name(aggregates_->size());
  aggregates_->push_back(std::move(made));
  return [name](const Row& row) { return row.field(name); };
}

}  // namespace aviary::logs::insights
