#include "services/logs/core/insights_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aviary::logs::insights {
namespace {

/// A group of PCRE2 must be a word of at most 32 letters; a field need not.
std::string group_of(std::size_t star) { return fmt::format("f{}", star); }

/// A glob's stars become groups; all else stands for itself. A last star takes the rest of the line.
std::string glob_to_regex(std::string_view glob) {
  std::string expression;
  std::size_t star = 0;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*') {
      expression += fmt::format("(?<{}>.*{})", group_of(star++), i + 1 == glob.size() ? "" : "?");
      continue;
    }
    if (std::string_view(R"(\^$.|?+()[]{})").find(c) != std::string_view::npos) expression += '\\';
    expression += c;
  }
  return expression;
}

}  // namespace

std::string aggregate_name(std::size_t number) { return fmt::format("\x01{}", number); }

std::nullopt_t Parser::wrong() { return wrong(lexer_.complaint()); }

std::nullopt_t Parser::wrong(std::string why) {
  if (problem_.empty()) problem_ = std::move(why);
  return std::nullopt;
}

std::optional<Query> Parser::query() {
  Query query;
  if (lexer_.at_end()) return query;
  do {
    std::optional<Command> next = command();
    if (!next) return std::nullopt;
    query.push_back(std::move(*next));
  } while (lexer_.take_sign("|"));
  if (!lexer_.at_end()) return wrong();
  return query;
}

std::optional<Command> Parser::command() {
  if (lexer_.take_word("fields")) return fields(false);
  if (lexer_.take_word("display")) return fields(true);
  if (lexer_.take_word("parse")) return parse();
  if (lexer_.take_word("stats")) return stats();
  if (lexer_.take_word("sort")) return sort();
  if (lexer_.take_word("limit") || lexer_.take_word("head")) return limit();
  if (lexer_.take_word("dedup")) return dedup();
  // An index makes the same filter faster, and there is none to be made here.
  if (lexer_.take_word("filter") || lexer_.take_word("filterindex")) {
    Made condition = expression();
    if (!condition) return std::nullopt;
    return Filter{std::move(*condition)};
  }
  for (const char* later : {"pattern", "diff", "anomaly", "unmask", "unnest", "join", "lookup", "source"})
    if (lexer_.is_word(later)) return wrong(fmt::format("the command {} is not part of Aviary yet", later));
  return wrong();
}

std::optional<NamedExpression> Parser::named() {
  const std::size_t begin = lexer_.peek().at;
  const Token first = lexer_.peek();
  Made value = expression();
  if (!value) return std::nullopt;
  std::string name = lexer_.text_since(begin);
  const bool quoted = first.raw.starts_with('`');
  const bool plain =
      first.kind == Token::Kind::Word && name == first.raw && (quoted || first.text == first.raw);
  if (plain) name = first.text;  // a field in backticks is called without them
  if (lexer_.take_word("as")) {
    if (lexer_.peek().kind != Token::Kind::Word) return wrong();
    return NamedExpression{lexer_.take().text, std::move(*value)};
  }
  return NamedExpression{std::move(name), std::move(*value), plain};
}

std::optional<std::vector<NamedExpression>> Parser::named_list() {
  std::vector<NamedExpression> list;
  do {
    std::optional<NamedExpression> next = named();
    if (!next) return std::nullopt;
    list.push_back(std::move(*next));
  } while (lexer_.take_sign(","));
  return list;
}

std::optional<Command> Parser::fields(bool display) {
  std::optional<std::vector<NamedExpression>> columns = named_list();
  if (!columns) return std::nullopt;
  return Fields{std::move(*columns), display};
}

std::optional<Command> Parser::parse() {
  Parse made{.source = [](const Row& row) { return row.field("@message"); }, .pattern = {}, .fields = {}};
  const bool slash = lexer_.peek().raw == "/";
  if (!slash && lexer_.peek().kind != Token::Kind::Text) {
    Made source = operand();
    if (!source) return std::nullopt;
    made.source = std::move(*source);
  }
  if (lexer_.peek().kind == Token::Kind::Sign && lexer_.peek().raw == "/") {
    const std::optional<std::string> expression = lexer_.take_regex();
    std::optional<Regex> regex = expression ? Regex::compile(*expression) : std::nullopt;
    if (!regex) return wrong("the regular expression is not valid");
    for (const std::string& name : regex->group_names()) made.fields.push_back({name, name});
    if (made.fields.empty()) return wrong("the regular expression has no named group");
    made.pattern = std::move(*regex);
    return made;
  }
  if (lexer_.peek().kind != Token::Kind::Text) return wrong();
  const std::string glob = lexer_.take().text;
  if (!lexer_.take_word("as")) return wrong();
  do {
    if (lexer_.peek().kind != Token::Kind::Word) return wrong();
    made.fields.push_back({group_of(made.fields.size()), lexer_.take().text});
  } while (lexer_.take_sign(","));
  const auto stars = static_cast<std::size_t>(std::count(glob.begin(), glob.end(), '*'));
  if (stars != made.fields.size())
    return wrong(fmt::format("the pattern has {} wildcards for {} fields", stars, made.fields.size()));
  std::optional<Regex> regex = Regex::compile(glob_to_regex(glob));
  if (!regex) return wrong("the pattern is not valid");
  made.pattern = std::move(*regex);
  return made;
}

std::optional<Command> Parser::stats() {
  Stats made;
  aggregates_ = &made.aggregates;
  std::optional<std::vector<NamedExpression>> columns = named_list();
  aggregates_ = nullptr;
  if (!columns) return std::nullopt;
  if (made.aggregates.empty()) return wrong("stats needs an aggregate function");
  made.columns = std::move(*columns);
  if (lexer_.take_word("by")) {
    std::optional<std::vector<NamedExpression>> keys = named_list();
    if (!keys) return std::nullopt;
    made.keys = std::move(*keys);
  }
  return made;
}

std::optional<Command> Parser::sort() {
  Sort made;
  lexer_.take_word("by");  // as AWS's own sample queries for Lambda have it
  do {
    // A column of `stats` may be named by its text: `sort count(*) desc`.
    const Token first = lexer_.peek();
    std::vector<Aggregate> ignored;
    aggregates_ = &ignored;
    Made value = expression();
    aggregates_ = nullptr;
    if (!value) return std::nullopt;
    const std::string text = lexer_.text_since(first.at);
    Expression key = [text, value = std::move(*value)](const Row& row) {
      Value found = row.is_event() ? Value() : row.field(text);
      return found.exists() ? found : value(row);
    };
    const bool descending = lexer_.take_word("desc");
    if (!descending) lexer_.take_word("asc");
    made.keys.push_back({std::move(key), descending});
  } while (lexer_.take_sign(","));
  return made;
}

std::optional<Command> Parser::limit() {
  if (lexer_.peek().kind != Token::Kind::Number) return wrong();
  const std::string digits = lexer_.peek().text;
  Limit made;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), made.rows);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return wrong();
  lexer_.take();
  return made;
}

std::optional<Command> Parser::dedup() {
  Dedup made;
  do {
    Made value = operand();
    if (!value) return std::nullopt;
    made.fields.push_back(std::move(*value));
  } while (lexer_.take_sign(","));
  return made;
}

std::variant<Query, QueryProblem> parse_query(std::string_view text, QueryMoment moment) {
  Parser parser(text, moment);
  std::optional<Query> query = parser.query();
  if (query) return std::move(*query);
  return QueryProblem{parser.problem()};
}

}  // namespace aviary::logs::insights
