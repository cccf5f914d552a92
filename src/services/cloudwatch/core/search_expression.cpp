#include "services/cloudwatch/core/search_expression.hpp"

#include <algorithm>
#include <tuple>

#include "base/ascii.hpp"

namespace aviary::cloudwatch {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

}  // namespace

class SearchParser {
 public:
  explicit SearchParser(std::string_view text) : rest_(text) {}

  std::optional<SearchExpression> whole() {
    SearchExpression expression;
    skip();
    if (rest_.starts_with('{') && !schema(expression)) return std::nullopt;
    skip();
    if (rest_.empty()) return expression;
    std::optional<Node> condition = disjunction(0);
    skip();
    if (!condition || !rest_.empty()) return std::nullopt;
    expression.condition_ = std::move(*condition);
    return expression;
  }

 private:
  using Node = SearchExpression::Node;

  void skip() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool take_word(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    if (rest_.size() > word.size() && !is_space(rest_[word.size()]) && rest_[word.size()] != '(')
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool schema(SearchExpression& expression) {
    const std::size_t end = rest_.find('}');
    if (end == rest_.npos) return false;
    std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    expression.has_schema_ = true;
    for (bool first = true; !inside.empty() || first; first = false) {
      const std::size_t comma = inside.find(',');
      std::string_view part = inside.substr(0, comma);
      inside.remove_prefix(comma == inside.npos ? inside.size() : comma + 1);
      while (!part.empty() && is_space(part.front())) part.remove_prefix(1);
      while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
      if (part.size() >= 2 && part.front() == '"' && part.back() == '"')
        part = part.substr(1, part.size() - 2);
      if (first)
        expression.schema_namespace_ = part;
      else
        expression.schema_dimensions_.emplace_back(part);
    }
    std::ranges::sort(expression.schema_dimensions_);
    return !expression.schema_namespace_.empty();
  }

  std::optional<Node> disjunction(int depth) {
    std::optional<Node> left = conjunction(depth);
    while (left && take_word("OR")) left = join(Node::Kind::Or, std::move(*left), conjunction(depth));
    return left;
  }
  std::optional<Node> conjunction(int depth) {
    std::optional<Node> left = negation(depth);
    while (left) {
      skip();
      if (rest_.empty() || rest_.front() == ')') break;
      const std::string_view before = rest_;
      if (take_word("OR")) {
        rest_ = before;
        break;
      }
      take_word("AND");  // between two terms it goes without saying
      left = join(Node::Kind::And, std::move(*left), negation(depth));
    }
    return left;
  }
  static std::optional<Node> join(Node::Kind kind, Node left, std::optional<Node> right) {
    if (!right) return std::nullopt;
    Node node;
    node.kind = kind;
    node.parts.push_back(std::move(left));
    node.parts.push_back(std::move(*right));
    return node;
  }
  std::optional<Node> negation(int depth) {
    if (depth > 50) return std::nullopt;
    if (take_word("NOT")) {
      std::optional<Node> inner = negation(depth + 1);
      if (!inner) return std::nullopt;
      Node node;
      node.kind = Node::Kind::Not;
      node.parts.push_back(std::move(*inner));
      return node;
    }
    skip();
    if (rest_.starts_with('(')) {
      rest_.remove_prefix(1);
      std::optional<Node> inner = disjunction(depth + 1);
      skip();
      if (!inner || !rest_.starts_with(')')) return std::nullopt;
      rest_.remove_prefix(1);
      return inner;
    }
    return term();
  }
  /// A word or a quoted text; empty if there is none.
  std::pair<std::string, bool> piece() {
    if (rest_.starts_with('"')) {
      const std::size_t end = rest_.find('"', 1);
      if (end == rest_.npos) return {};
      std::string text(rest_.substr(1, end - 1));
      rest_.remove_prefix(end + 1);
      return {std::move(text), true};
    }
    std::size_t size = 0;
    while (size < rest_.size() && !is_space(rest_[size]) &&
           std::string_view("()=\"").find(rest_[size]) == std::string_view::npos)
      ++size;
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return {std::move(text), false};
  }
  std::optional<Node> term() {
    auto [text, exact] = piece();
    if (text.empty()) return std::nullopt;
    Node node;
    node.kind = Node::Kind::Term;
    skip();
    if (rest_.starts_with('=')) {
      rest_.remove_prefix(1);
      skip();
      node.property = std::move(text);
      if (rest_.starts_with('(')) return property_list(std::move(node.property));
      std::tie(text, exact) = piece();
      if (text.empty()) return std::nullopt;
    }
    node.text = exact ? std::move(text) : lower(text);
    node.exact = exact;
    return node;
  }
  /// `FunctionName=("a" OR "b")`
  std::optional<Node> property_list(std::string property) {
    rest_.remove_prefix(1);
    std::optional<Node> inner = disjunction(1);
    skip();
    if (!inner || !rest_.starts_with(')')) return std::nullopt;
    rest_.remove_prefix(1);
    set_property(*inner, property);
    return inner;
  }
  static void set_property(Node& node, const std::string& property) {
    if (node.kind == Node::Kind::Term) node.property = property;
    for (Node& part : node.parts) set_property(part, property);
  }

  std::string_view rest_;
};

std::optional<SearchExpression> SearchExpression::parse(std::string_view text) {
  return SearchParser(text).whole();
}

bool SearchExpression::matches(const MetricId& metric) const {
  if (has_schema_) {
    if (metric.metric_namespace != schema_namespace_) return false;
    if (!std::ranges::equal(metric.dimensions, schema_dimensions_, {},
                            &std::pair<std::string, std::string>::first))
      return false;
  }
  return holds(condition_, metric);
}

bool SearchExpression::holds(const Node& node, const MetricId& metric) {
  using Kind = Node::Kind;
  switch (node.kind) {
    case Kind::Everything:
      return true;
    case Kind::And:
      return holds(node.parts[0], metric) && holds(node.parts[1], metric);
    case Kind::Or:
      return holds(node.parts[0], metric) || holds(node.parts[1], metric);
    case Kind::Not:
      return !holds(node.parts[0], metric);
    case Kind::Term:
      break;
  }
  const auto fits = [&node](const std::string& value) {
    return node.exact ? value == node.text : lower(value).find(node.text) != std::string::npos;
  };
  if (node.property == "MetricName") return fits(metric.name);
  if (node.property == "Namespace") return fits(metric.metric_namespace);
  if (!node.property.empty()) {
    const std::string* value = metric.dimension(node.property);
    return value && fits(*value);
  }
  if (fits(metric.name) || fits(metric.metric_namespace)) return true;
  return std::ranges::any_of(metric.dimensions,
                             [&](const auto& d) { return fits(d.first) || fits(d.second); });
}

}  // namespace aviary::cloudwatch
