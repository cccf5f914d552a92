#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aviary::cloudwatch::math {

struct Node;
using NodePtr = std::unique_ptr<const Node>;

enum class Operator {
  Add,
  Subtract,
  Multiply,
  Divide,
  Power,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  And,
  Or
};

struct Number {
  double value;
};
struct Text {
  std::string value;
};
struct Name {
  std::string id;
};  ///< another query, or a word like `REPEAT` or `DESC`
struct List {
  std::vector<NodePtr> items;
};  ///< `[m1, m2]`
struct Negate {
  NodePtr of;
};
struct Binary {
  Operator op;
  NodePtr left, right;
};
struct CallFunction {
  std::string name;
  std::vector<NodePtr> arguments;
};

/// A metric math expression, parsed.
struct Node {
  std::variant<Number, Text, Name, List, Negate, Binary, CallFunction> what;
};

/// What came of parsing: a tree, or what is wrong with the text.
struct Parsed {
  NodePtr tree;
  std::string problem;
};
Parsed parse(std::string_view text);

/// Every name that the expression refers to, functions and their keywords left out.
std::vector<std::string> names_in(const Node& tree);
/// Whether some function of that name is called.
bool calls(const Node& tree, std::string_view function);

}  // namespace aviary::cloudwatch::math
