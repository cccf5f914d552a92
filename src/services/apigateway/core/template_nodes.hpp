#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

/// Inside of mapping templates: what one is once it is read.
namespace aviary::apigateway {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

/// `.name`, `.name(…)` or `[…]` behind a reference.
struct Access {
  enum class Kind { Member, Call, Index } kind = Kind::Member;
  std::string name{};
  std::vector<ExpressionPtr> arguments{};
};

struct Reference {
  std::string name{};
  bool quiet = false;  ///< `$!name`: nothing if there is no value
  std::vector<Access> path{};
  std::string written{};  ///< as in the source: what comes out if there is no value
};

struct TemplateNode;

struct Expression {
  enum class Kind { Literal, Interpolated, Reference, List, Range, Map, Unary, Binary } kind = Kind::Literal;
  OrderedJson literal = nullptr;
  Reference reference{};
  /// Of an interpolated string. Without an initializer: TemplateNode is not complete here.
  std::vector<TemplateNode> parts;
  std::string operation{};                ///< of Unary and Binary
  std::vector<ExpressionPtr> operands{};  ///< elements, bounds, keys and values in turn, operands
};

struct TemplateNode {
  enum class Kind { Text, Reference, Set, If, Foreach, Break, Stop } kind = Kind::Text;
  std::string text{};
  Reference reference{};  ///< what is shown, set or iterated with
  ExpressionPtr expression{};
  struct Branch {
    ExpressionPtr condition{};  ///< null: else
    std::vector<TemplateNode> body{};
  };
  std::vector<Branch> branches{};
  std::vector<TemplateNode> body{};
};

struct ParsedTemplate {
  std::vector<TemplateNode> nodes{};
  std::string problem{};
};

ParsedTemplate parse_template(std::string_view source);

}  // namespace aviary::apigateway
