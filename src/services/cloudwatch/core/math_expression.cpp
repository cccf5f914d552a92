#include "services/cloudwatch/core/math_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace aviary::cloudwatch::math {
namespace {

constexpr std::string_view keywords[] = {"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM"};
constexpr int deepest = 100;

struct Failure {
  std::string text;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  NodePtr whole() {
    NodePtr tree = disjunction();
    skip_space();
    if (at_ != text_.size()) fail();
    return tree;
  }

 private:
  [[noreturn]] void fail() const {
    throw Failure{at_ >= text_.size() ? "unexpected end of expression"
                                      : fmt::format("unexpected '{}' at position {}", text_[at_], at_ + 1)};
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    if (at_ + word.size() < text_.size() && is_word(text_[at_ + word.size()])) return false;
    at_ += word.size();
    return true;
  }
  template <class T>
  static NodePtr make(T what) {
    auto node = std::make_unique<Node>();
    node->what = std::move(what);
    return node;
  }
  NodePtr binary(Operator op, NodePtr left, NodePtr right) {
    return make(Binary{op, std::move(left), std::move(right)});
  }

  NodePtr disjunction() {
    NodePtr left = conjunction();
    while (take("||") || take_word("OR")) left = binary(Operator::Or, std::move(left), conjunction());
    return left;
  }
  NodePtr conjunction() {
    NodePtr left = comparison();
    while (take("&&") || take_word("AND")) left = binary(Operator::And, std::move(left), comparison());
    return left;
  }
  NodePtr comparison() {
    static constexpr std::pair<std::string_view, Operator> operators[] = {
        {"==", Operator::Equal},        {"!=", Operator::NotEqual}, {"<=", Operator::LessEqual},
        {">=", Operator::GreaterEqual}, {"<", Operator::Less},      {">", Operator::Greater}};
    NodePtr left = sum();
    for (bool more = true; more;) {
      more = false;
      for (const auto& [token, op] : operators) {
        if (!take(token)) continue;
        left = binary(op, std::move(left), sum());
        more = true;
        break;
      }
    }
    return left;
  }
  NodePtr sum() {
    NodePtr left = product();
    for (;;) {
      if (take("+"))
        left = binary(Operator::Add, std::move(left), product());
      else if (take("-"))
        left = binary(Operator::Subtract, std::move(left), product());
      else
        return left;
    }
  }
  NodePtr product() {
    NodePtr left = unary();
    for (;;) {
      if (take("*"))
        left = binary(Operator::Multiply, std::move(left), unary());
      else if (take("/"))
        left = binary(Operator::Divide, std::move(left), unary());
      else
        return left;
    }
  }
  NodePtr unary() {
    if (++depth_ > deepest) throw Failure{"the expression is nested too deeply"};
    NodePtr result = take("-") ? make(Negate{unary()}) : power();
    --depth_;
    return result;
  }
  NodePtr power() {
    NodePtr base = primary();
    if (take("^")) return binary(Operator::Power, std::move(base), unary());
    return base;
  }

  NodePtr primary() {
    skip_space();
    if (at_ >= text_.size()) fail();
    const char c = text_[at_];
    if (take("(")) {
      NodePtr inner = disjunction();
      if (!take(")")) fail();
      return inner;
    }
    if (take("[")) return make(List{items("]")});
    if (c == '"' || c == '\'') return make(Text{quoted(c)});
    if ((c >= '0' && c <= '9') || c == '.') return make(Number{number()});
    if (!is_word(c)) fail();
    std::string name;
    while (at_ < text_.size() && is_word(text_[at_])) name += text_[at_++];
    if (take("(")) return make(CallFunction{std::move(name), items(")")});
    return make(Name{std::move(name)});
  }
  std::vector<NodePtr> items(std::string_view end) {
    std::vector<NodePtr> all;
    if (take(end)) return all;
    do all.push_back(disjunction());
    while (take(","));
    if (!take(end)) fail();
    return all;
  }
  std::string quoted(char quote) {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        value += text_[++at_];
      } else if (text_[at_] == quote) {
        ++at_;
        return value;
      } else {
        value += text_[at_];
      }
    }
    fail();
  }
  double number() {
    double value{};
    const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (problem != std::errc()) fail();
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

template <class Visit>
void walk(const Node& node, Visit visit) {
  visit(node);
  if (const auto* list = std::get_if<List>(&node.what))
    for (const NodePtr& item : list->items) walk(*item, visit);
  if (const auto* negate = std::get_if<Negate>(&node.what)) walk(*negate->of, visit);
  if (const auto* binary = std::get_if<Binary>(&node.what)) {
    walk(*binary->left, visit);
    walk(*binary->right, visit);
  }
  if (const auto* call = std::get_if<CallFunction>(&node.what))
    for (const NodePtr& argument : call->arguments) walk(*argument, visit);
}

}  // namespace

Parsed parse(std::string_view text) {
  try {
    return {Parser(text).whole(), {}};
  } catch (const Failure& failure) {
    return {nullptr, failure.text};
  }
}

std::vector<std::string> names_in(const Node& tree) {
  std::vector<std::string> names;
  walk(tree, [&names](const Node& node) {
    const auto* name = std::get_if<Name>(&node.what);
    if (name && std::ranges::find(keywords, name->id) == std::end(keywords)) names.push_back(name->id);
  });
  return names;
}

bool calls(const Node& tree, std::string_view function) {
  bool found = false;
  walk(tree, [&](const Node& node) {
    const auto* call = std::get_if<CallFunction>(&node.what);
    found = found || (call && call->name == function);
  });
  return found;
}

}  // namespace aviary::cloudwatch::math
