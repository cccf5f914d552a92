#include "services/cloudwatch/core/alarm_rule.hpp"

#include <algorithm>
#include <charconv>

namespace aviary::cloudwatch {

/// Recursive descent; any nothing on the way up means the text is not a rule.
class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : rest_(text) {}

  std::optional<AlarmRule> whole() {
    AlarmRule rule;
    std::optional<Node> root = disjunction();
    skip();
    if (!root || !rest_.empty()) return std::nullopt;
    rule.root_ = std::move(*root);
    rule.alarms_ = std::move(names_);
    return rule;
  }

 private:
  using Node = AlarmRule::Node;

  void skip() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos)
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  std::string_view peek_word() {
    skip();
    std::size_t size = 0;
    while (size < rest_.size() && is_letter(rest_[size])) ++size;
    return rest_.substr(0, size);
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<Node> disjunction() {
    if (++depth_ > 100) return std::nullopt;
    std::optional<Node> left = conjunction();
    while (left && take_word("OR")) left = join(Node::Kind::Or, std::move(*left), conjunction());
    --depth_;
    return left;
  }
  std::optional<Node> conjunction() {
    std::optional<Node> left = negation();
    while (left && take_word("AND")) left = join(Node::Kind::And, std::move(*left), negation());
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
  std::optional<Node> negation() {
    if (!take_word("NOT")) return term();
    if (++depth_ > 100) return std::nullopt;
    std::optional<Node> inner = negation();
    --depth_;
    if (!inner) return std::nullopt;
    Node node;
    node.kind = Node::Kind::Not;
    node.parts.push_back(std::move(*inner));
    return node;
  }
  std::optional<Node> term() {
    if (take('(')) {
      std::optional<Node> inner = disjunction();
      if (!inner || !take(')')) return std::nullopt;
      return inner;
    }
    Node node;
    if (take_word("TRUE")) {
      node.constant = true;
      return node;
    }
    if (take_word("FALSE")) return node;
    if (take_word("AT_LEAST")) return at_least();
    const std::optional<AlarmState> state = state_word();
    if (!state || !take('(')) return std::nullopt;
    std::optional<std::string> name = alarm_name();
    if (!name || !take(')')) return std::nullopt;
    node.kind = Node::Kind::State;
    node.state = *state;
    node.names.push_back(std::move(*name));
    return node;
  }
  std::optional<AlarmState> state_word() {
    const std::optional<AlarmState> state = alarm_state_named(peek_word());
    if (state) rest_.remove_prefix(name_of(*state).size());
    return state;
  }
  std::optional<Node> at_least() {
    Node node;
    node.kind = Node::Kind::AtLeast;
    if (!take('(')) return std::nullopt;
    skip();
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), node.least);
    if (problem != std::errc() || node.least <= 0) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    node.percent = take('%');
    if (!take(',')) return std::nullopt;
    node.negated = take_word("NOT");
    const std::optional<AlarmState> state = state_word();
    if (!state || !take(',') || !take('(')) return std::nullopt;
    node.state = *state;
    do {
      std::optional<std::string> name = alarm_name();
      if (!name) return std::nullopt;
      node.names.push_back(std::move(*name));
    } while (take(','));
    if (!take(')') || !take(')')) return std::nullopt;
    return node;
  }
  /// Quoted or not; a name or an ARN.
  std::optional<std::string> alarm_name() {
    skip();
    std::string name;
    if (take('"')) {
      std::size_t at = 0;
      for (; at < rest_.size() && rest_[at] != '"'; ++at) {
        if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
        name += rest_[at];
      }
      if (at >= rest_.size()) return std::nullopt;
      rest_.remove_prefix(at + 1);
    } else {
      const std::size_t end = rest_.find_first_of("), \t\r\n");
      name = rest_.substr(0, end);
      rest_.remove_prefix(name.size());
    }
    if (name.starts_with("arn:"))
      if (const std::size_t at = name.find(":alarm:"); at != std::string::npos) name.erase(0, at + 7);
    if (name.empty()) return std::nullopt;
    if (std::ranges::find(names_, name) == names_.end()) names_.push_back(name);
    return name;
  }

  std::string_view rest_;
  std::vector<std::string> names_;
  int depth_ = 0;
};

std::optional<AlarmRule> AlarmRule::parse(std::string_view text) { return RuleParser(text).whole(); }

bool AlarmRule::holds(const StateOf& state_of) const { return holds(root_, state_of); }

bool AlarmRule::holds(const Node& node, const StateOf& state_of) {
  switch (node.kind) {
    case Node::Kind::Constant:
      return node.constant;
    case Node::Kind::State:
      return state_of(node.names.front()) == node.state;
    case Node::Kind::And:
      return holds(node.parts[0], state_of) && holds(node.parts[1], state_of);
    case Node::Kind::Or:
      return holds(node.parts[0], state_of) || holds(node.parts[1], state_of);
    case Node::Kind::Not:
      return !holds(node.parts[0], state_of);
    case Node::Kind::AtLeast:
      break;
  }
  const auto count = std::ranges::count_if(node.names, [&](const std::string& name) {
    const std::optional<AlarmState> state = state_of(name);
    return state && (*state == node.state) != node.negated;
  });
  const double least = node.percent ? node.least / 100 * static_cast<double>(node.names.size()) : node.least;
  return static_cast<double>(count) >= least - 1e-9;
}

}  // namespace aviary::cloudwatch
