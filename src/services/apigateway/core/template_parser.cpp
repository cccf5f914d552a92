#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/bounded_json.hpp"
#include "services/apigateway/core/template_nodes.hpp"

namespace aviary::apigateway {
namespace {

constexpr int deepest_template = 100;

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

/// What is wrong ends reading; it never leaves this file.
struct TemplateProblem {
  std::string text;
};

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view source) : source_(source) {}

  std::vector<TemplateNode> whole() {
    std::vector<TemplateNode> nodes = block();
    if (!directive_.empty()) fail("unexpected #" + directive_);
    return nodes;
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    const auto line = std::count(source_.begin(), source_.begin() + static_cast<long>(at_), '\n') + 1;
    throw TemplateProblem{fmt::format("line {}: {}", line, text)};
  }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  bool follows(std::string_view text) const { return source_.substr(at_).starts_with(text); }
  bool take(std::string_view text) {
    if (!follows(text)) return false;
    at_ += text.size();
    return true;
  }
  void spaces() {
    while (std::isspace(static_cast<unsigned char>(peek()))) ++at_;
  }
  void expect(std::string_view text) {
    spaces();
    if (!take(text)) fail(fmt::format("'{}' is missing", text));
  }
  std::string name() {
    if (!starts_name(peek())) fail("a name is missing");
    const std::size_t start = at_;
    while (in_name(peek())) ++at_;
    return std::string(source_.substr(start, at_ - start));
  }

  struct Depth {
    explicit Depth(TemplateParser& parser) : owner(parser) {
      if (++owner.depth_ > deepest_template) owner.fail("nested too deeply");
    }
    ~Depth() { --owner.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    TemplateParser& owner;
  };

  /// The directive at the cursor, `set` for `#set` and `#{set}`; empty: none.
  std::string directive_here(std::size_t& length) const {
    if (peek() != '#') return {};
    std::size_t start = at_ + 1;
    const bool braces = start < source_.size() && source_[start] == '{';
    if (braces) ++start;
    std::size_t end = start;
    while (end < source_.size() && std::isalpha(static_cast<unsigned char>(source_[end]))) ++end;
    if (braces && (end >= source_.size() || source_[end] != '}')) return {};
    static constexpr std::string_view known[] = {"set",      "if",     "elseif", "else",  "end",
                                                 "foreach",  "stop",   "break",  "macro", "include",
                                                 "evaluate", "define", "parse"};
    std::string_view word = source_.substr(start, end - start);
    // `#elsefoo` is `#else` and text.
    if (std::ranges::find(known, word) == std::end(known)) {
      if (word.starts_with("else") && !word.starts_with("elseif"))
        word = "else";
      else if (word.starts_with("end"))
        word = "end";
      else
        return {};
      end = start + word.size();
    }
    length = end - at_ + (braces ? 1 : 0);
    return std::string(word);
  }

  /// Behind a directive: the rest of its line, if that is white.
  void rest_of_line() {
    std::size_t end = at_;
    while (end < source_.size() && (source_[end] == ' ' || source_[end] == '\t' || source_[end] == '\r'))
      ++end;
    if (end < source_.size() && source_[end] == '\n') at_ = end + 1;
  }

  bool comment() {
    if (follows("##")) {
      const std::size_t end = source_.find('\n', at_);
      at_ = end == std::string_view::npos ? source_.size() : end + 1;
      return true;
    }
    if (follows("#*")) {
      const std::size_t end = source_.find("*#", at_ + 2);
      at_ = end == std::string_view::npos ? source_.size() : end + 2;
      return true;
    }
    return false;
  }

  /// Until `#end`, `#else`, `#elseif` (left in `directive_`, already read) or the end of the source.
  std::vector<TemplateNode> block() {
    const Depth depth(*this);
    std::vector<TemplateNode> nodes;
    const auto text = [&]() -> std::string& {
      if (nodes.empty() || nodes.back().kind != TemplateNode::Kind::Text) nodes.emplace_back();
      return nodes.back().text;
    };
    directive_.clear();
    while (at_ < source_.size()) {
      if (peek() == '\\' && (peek(1) == '$' || peek(1) == '#')) {
        text() += peek(1);
        at_ += 2;
        continue;
      }
      if (comment()) continue;
      if (peek() == '$' && reference_follows()) {
        TemplateNode node;
        node.kind = TemplateNode::Kind::Reference;
        node.reference = reference();
        nodes.push_back(std::move(node));
        continue;
      }
      std::size_t length = 0;
      const std::string word = directive_here(length);
      if (word.empty()) {
        text() += source_[at_++];
        continue;
      }
      at_ += length;
      if (word == "end" || word == "else" || word == "elseif") {
        directive_ = word;
        return nodes;
      }
      nodes.push_back(directive(word));
    }
    directive_.clear();
    return nodes;
  }

  TemplateNode directive(const std::string& word) {
    TemplateNode node;
    if (word == "set") {
      node.kind = TemplateNode::Kind::Set;
      expect("(");
      spaces();
      if (peek() != '$') fail("#set needs a reference");
      node.reference = reference();
      expect("=");
      node.expression = expression();
      expect(")");
      rest_of_line();
    } else if (word == "if") {
      node.kind = TemplateNode::Kind::If;
      std::string which = "if";
      while (which != "end") {
        TemplateNode::Branch branch;
        if (which != "else") {
          expect("(");
          branch.condition = expression();
          expect(")");
        }
        rest_of_line();
        branch.body = block();
        if (directive_.empty()) fail("#end is missing");
        if (which == "else" && directive_ != "end") fail("#else is the last branch");
        which = directive_;
        node.branches.push_back(std::move(branch));
      }
      rest_of_line();
    } else if (word == "foreach") {
      node.kind = TemplateNode::Kind::Foreach;
      expect("(");
      spaces();
      if (peek() != '$') fail("#foreach needs a reference");
      node.reference = reference();
      spaces();
      if (!take("in")) fail("'in' is missing");
      node.expression = expression();
      expect(")");
      rest_of_line();
      node.body = block();
      if (directive_ != "end") fail("#end is missing");
      rest_of_line();
    } else if (word == "stop" || word == "break") {
      node.kind = word == "stop" ? TemplateNode::Kind::Stop : TemplateNode::Kind::Break;
      rest_of_line();
    } else {
      fail(fmt::format("#{} is not part of Aviary yet", word));
    }
    return node;
  }

  bool reference_follows() const {
    std::size_t at = 1;
    if (peek(at) == '!') ++at;
    if (peek(at) == '{') ++at;
    return starts_name(peek(at));
  }

  Reference reference() {
    const Depth depth(*this);
    Reference made;
    const std::size_t start = at_++;
    made.quiet = take("!");
    const bool braces = take("{");
    made.name = name();
    while (true) {
      if (peek() == '.' && starts_name(peek(1))) {
        ++at_;
        Access access;
        access.name = name();
        if (peek() == '(') {
          ++at_;
          access.kind = Access::Kind::Call;
          spaces();
          while (!take(")")) {
            access.arguments.push_back(expression());
            spaces();
            if (!take(",") && peek() != ')') fail("')' is missing");
          }
        }
        made.path.push_back(std::move(access));
      } else if (peek() == '[' && !braces_text()) {
        ++at_;
        Access access;
        access.kind = Access::Kind::Index;
        access.arguments.push_back(expression());
        expect("]");
        made.path.push_back(std::move(access));
      } else {
        break;
      }
    }
    if (braces && !take("}")) fail("'}' is missing");
    made.written = source_.substr(start, at_ - start);
    return made;
  }

  /// `$a[` that is no index but text, as in `[$a[`: only a value that ends with `]` on the same line is one.
  bool braces_text() const {
    const std::size_t end = source_.find_first_of("]\n", at_);
    return end == std::string_view::npos || source_[end] == '\n';
  }

  ExpressionPtr binary(std::string operation, ExpressionPtr left, ExpressionPtr right) {
    auto made = std::make_unique<Expression>();
    made->kind = Expression::Kind::Binary;
    made->operation = std::move(operation);
    made->operands.push_back(std::move(left));
    made->operands.push_back(std::move(right));
    return made;
  }

  /// Precedence climbs: or, and, equality, order, sums, products.
  ExpressionPtr expression(int level = 0) {
    struct Operator {
      std::string_view sign;
      std::string_view word;
      int level;
    };
    static constexpr Operator operators[] = {
        {"||", "or", 0}, {"&&", "and", 1}, {"==", "eq", 2}, {"!=", "ne", 2}, {"<=", "le", 3},
        {">=", "ge", 3}, {"<", "lt", 3},   {">", "gt", 3},  {"+", "", 4},    {"-", "", 4},
        {"*", "", 5},    {"/", "", 5},     {"%", "", 5}};
    const Depth depth(*this);
    if (level == 6) return unary();
    ExpressionPtr left = expression(level + 1);
    while (true) {
      spaces();
      const auto* found = std::ranges::find_if(operators, [&](const Operator& each) {
        if (each.level != level) return false;
        if (follows(each.sign)) return true;
        return !each.word.empty() && follows(each.word) && !in_name(peek(each.word.size()));
      });
      if (found == std::end(operators)) return left;
      at_ += follows(found->sign) ? found->sign.size() : found->word.size();
      left = binary(std::string(found->sign), std::move(left), expression(level + 1));
    }
  }

  ExpressionPtr unary() {
    spaces();
    const bool word = follows("not") && !in_name(peek(3));
    if (peek() == '!' || word) {
      at_ += word ? 3 : 1;
      auto made = std::make_unique<Expression>();
      made->kind = Expression::Kind::Unary;
      made->operation = "!";
      const Depth depth(*this);
      made->operands.push_back(unary());
      return made;
    }
    if (take("(")) {
      ExpressionPtr inner = expression();
      expect(")");
      return inner;
    }
    return primary();
  }

  ExpressionPtr primary() {
    auto made = std::make_unique<Expression>();
    const char c = peek();
    if (c == '$') {
      if (!reference_follows()) fail("a name is missing");
      made->kind = Expression::Kind::Reference;
      made->reference = reference();
    } else if (c == '\'' || c == '"') {
      text_literal(*made, c);
    } else if (c == '-' || std::isdigit(static_cast<unsigned char>(c))) {
      number(*made);
    } else if (c == '[') {
      list(*made);
    } else if (c == '{') {
      map(*made);
    } else if (starts_name(c)) {
      const std::string word = name();
      if (word == "true" || word == "false")
        made->literal = word == "true";
      else if (word != "null")
        fail(fmt::format("'{}' is no value", word));
    } else {
      fail("a value is missing");
    }
    return made;
  }

  void text_literal(Expression& made, char quote) {
    const std::size_t start = ++at_;
    std::string text;
    while (at_ < source_.size() && source_[at_] != quote) text += source_[at_++];
    if (at_ >= source_.size()) {
      at_ = start;
      fail("a text does not end");
    }
    ++at_;
    if (quote == '"' && text.find_first_of("$#") != std::string::npos) {
      TemplateParser inner(text);
      inner.depth_ = depth_;
      made.kind = Expression::Kind::Interpolated;
      made.parts = inner.whole();
      return;
    }
    made.literal = std::move(text);
  }

  void number(Expression& made) {
    std::string digits;
    if (peek() == '-') digits += source_[at_++];
    while (std::isdigit(static_cast<unsigned char>(peek()))) digits += source_[at_++];
    if (peek() == '.' && std::isdigit(static_cast<unsigned char>(peek(1)))) {
      digits += source_[at_++];
      while (std::isdigit(static_cast<unsigned char>(peek()))) digits += source_[at_++];
    }
    made.literal = parse_bounded<OrderedJson>(digits);
    if (!made.literal.is_number()) fail("a number is malformed");
  }

  void list(Expression& made) {
    ++at_;
    made.kind = Expression::Kind::List;
    spaces();
    while (!take("]")) {
      made.operands.push_back(expression());
      spaces();
      if (take("..")) {
        made.kind = Expression::Kind::Range;
        made.operands.push_back(expression());
        expect("]");
        return;
      }
      if (!take(",") && peek() != ']') fail("']' is missing");
    }
  }

  void map(Expression& made) {
    ++at_;
    made.kind = Expression::Kind::Map;
    spaces();
    while (!take("}")) {
      made.operands.push_back(expression());
      expect(":");
      made.operands.push_back(expression());
      spaces();
      if (!take(",") && peek() != '}') fail("'}' is missing");
      spaces();
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string directive_;
};

}  // namespace

ParsedTemplate parse_template(std::string_view source) {
  try {
    return {.nodes = TemplateParser(source).whole()};
  } catch (const TemplateProblem& problem) {
    return {.problem = problem.text};
  }
}

}  // namespace aviary::apigateway
