#include "services/apigateway/core/mapping_template.hpp"

#include <fmt/format.h>

#include <optional>

#include "services/apigateway/core/template_methods.hpp"
#include "services/apigateway/core/template_nodes.hpp"

namespace aviary::apigateway {
namespace {

constexpr std::size_t longest_text = 10 * 1024 * 1024;
constexpr int most_steps = 1'000'000;

/// What is wrong ends rendering; it never leaves this file.
struct RenderProblem {
  std::string text;
};

class TemplateRun {
 public:
  explicit TemplateRun(const TemplateInput& input) : input_(input) {
    variables_["context"] = input.context;
    variables_["stageVariables"] = input.stage_variables;
  }

  void run(const std::vector<TemplateNode>& nodes, std::string& out) {
    for (const TemplateNode& node : nodes) {
      if (ends_ != Ends::No) return;
      step();
      switch (node.kind) {
        case TemplateNode::Kind::Text:
          out += node.text;
          break;
        case TemplateNode::Kind::Reference:
          show(node.reference, out);
          break;
        case TemplateNode::Kind::Set:
          assign(node.reference, value_of(*node.expression));
          break;
        case TemplateNode::Kind::If:
          for (const TemplateNode::Branch& branch : node.branches)
            if (branch.condition == nullptr || is_true(value_of(*branch.condition))) {
              run(branch.body, out);
              break;
            }
          break;
        case TemplateNode::Kind::Foreach:
          iterate(node, out);
          break;
        case TemplateNode::Kind::Break:
          ends_ = Ends::Loop;
          break;
        case TemplateNode::Kind::Stop:
          ends_ = Ends::All;
          break;
      }
      if (out.size() > longest_text) throw RenderProblem{"the result is too long"};
    }
  }

  OrderedJson context() const { return variables_["context"]; }

 private:
  enum class Ends { No, Loop, All };
  /// What is in the brackets of one access.
  struct Said {
    OrderedJson key{};                     ///< of a member or an index
    std::vector<OrderedJson> arguments{};  ///< of a call
  };

  void step() {
    if (++steps_ > most_steps) throw RenderProblem{"too many steps"};
  }

  void show(const Reference& reference, std::string& out) {
    const std::optional<OrderedJson> value = find(reference);
    if (value && !value->is_null())
      out += template_text(*value);
    else if (!reference.quiet)
      out += reference.written;
  }

  void iterate(const TemplateNode& node, std::string& out) {
    OrderedJson items = value_of(*node.expression);
    if (items.is_object()) {
      OrderedJson values = OrderedJson::array();
      for (auto& each : items) values.push_back(std::move(each));
      items = std::move(values);
    }
    if (!items.is_array()) return;
    const std::optional<OrderedJson> outer = kept("foreach");
    const std::optional<OrderedJson> before = kept(node.reference.name);
    for (std::size_t i = 0; i < items.size() && ends_ == Ends::No; ++i) {
      variables_["foreach"] = {{"index", i},
                               {"count", i + 1},
                               {"hasNext", i + 1 < items.size()},
                               {"first", i == 0},
                               {"last", i + 1 == items.size()}};
      variables_["velocityCount"] = i + 1;
      variables_[node.reference.name] = items[i];
      run(node.body, out);
    }
    if (ends_ == Ends::Loop) ends_ = Ends::No;
    restore("foreach", outer);
    restore(node.reference.name, before);
  }

  std::optional<OrderedJson> kept(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional<OrderedJson>(*found);
  }
  void restore(const std::string& name, const std::optional<OrderedJson>& value) {
    if (value)
      variables_[name] = *value;
    else
      variables_.erase(name);
  }

  void assign(const Reference& reference, OrderedJson value) {
    // As Velocity: what is null changes nothing.
    if (value.is_null()) return;
    const std::vector<Said> said = said_of(reference);
    OrderedJson* place = &variables_[reference.name];
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (reference.path[i].kind == Access::Kind::Call) throw RenderProblem{"a call cannot be set"};
      const OrderedJson& key = said[i].key;
      if (key.is_number_integer() && place->is_array()) {
        const auto index = key.get<std::int64_t>();
        if (index < 0 || index >= static_cast<std::int64_t>(place->size())) return;
        place = &(*place)[static_cast<std::size_t>(index)];
      } else {
        if (!place->is_object()) *place = OrderedJson::object();
        place = &(*place)[template_text(key)];
      }
    }
    *place = std::move(value);
  }

  /// Nothing: there is no such value.
  std::optional<OrderedJson> find(const Reference& reference) {
    step();
    std::size_t next = 0;
    // Evaluated first: what they do may move the variables that `place` views.
    const std::vector<Said> said = said_of(reference);
    const OrderedJson* place = nullptr;
    OrderedJson made;
    if (reference.name == "input" || reference.name == "util") {
      if (reference.path.empty()) return std::nullopt;
      const Access& access = reference.path[next++];
      std::optional<OrderedJson> result =
          reference.name == "input" ? of_input(access, said[0]) : of_util(access, said[0]);
      if (!result) return std::nullopt;
      made = std::move(*result);
      place = &made;
    } else {
      const auto found = variables_.find(reference.name);
      if (found == variables_.end()) return std::nullopt;
      place = &*found;
    }
    for (; next < reference.path.size(); ++next) {
      const Access& access = reference.path[next];
      if (access.kind == Access::Kind::Call) {
        std::optional<OrderedJson> result;
        const std::vector<OrderedJson>& arguments = said[next].arguments;
        if (changes_its_value(access.name) && place != &made) {
          // `put`, `add`, `remove` change the variable itself.
          OrderedJson changed = *place;
          result = call_method(changed, access.name, arguments);
          store(reference, said, next, std::move(changed));
        } else {
          OrderedJson copy = *place;
          result = call_method(copy, access.name, arguments);
        }
        if (!result) return std::nullopt;
        made = std::move(*result);
        place = &made;
        continue;
      }
      const OrderedJson* inner = member_of_value(*place, said[next].key);
      if (inner == nullptr) return std::nullopt;
      if (place == &made) {
        OrderedJson copy = *inner;
        made = std::move(copy);
      } else {
        place = inner;
      }
    }
    return *place;
  }

  void store(const Reference& reference, const std::vector<Said>& said, std::size_t depth,
             OrderedJson changed) {
    OrderedJson* place = &variables_[reference.name];
    for (std::size_t i = 0; i < depth; ++i) {
      if (reference.path[i].kind == Access::Kind::Call) return;
      place = const_cast<OrderedJson*>(member_of_value(*place, said[i].key));
      if (place == nullptr) return;
    }
    *place = std::move(changed);
  }

  std::vector<Said> said_of(const Reference& reference) {
    std::vector<Said> all;
    for (const Access& access : reference.path) {
      Said said;
      if (access.kind == Access::Kind::Member) said.key = access.name;
      if (access.kind == Access::Kind::Index) said.key = value_of(*access.arguments[0]);
      if (access.kind == Access::Kind::Call)
        for (const ExpressionPtr& each : access.arguments) said.arguments.push_back(value_of(*each));
      all.push_back(std::move(said));
    }
    return all;
  }

  std::optional<OrderedJson> of_input(const Access& access, const Said& said) {
    if (access.kind == Access::Kind::Member && access.name == "body") return OrderedJson(input_.body);
    if (access.kind != Access::Kind::Call) return std::nullopt;
    return input_function(access.name, said.arguments, input_);
  }

  std::optional<OrderedJson> of_util(const Access& access, const Said& said) {
    if (access.kind != Access::Kind::Call) return std::nullopt;
    if (!is_util_function(access.name))
      throw RenderProblem{fmt::format("$util.{} is not part of Aviary", access.name)};
    return util_function(access.name, said.arguments);
  }

  OrderedJson value_of(const Expression& expression) {
    step();
    switch (expression.kind) {
      case Expression::Kind::Literal:
        return expression.literal;
      case Expression::Kind::Reference:
        return find(expression.reference).value_or(OrderedJson(nullptr));
      case Expression::Kind::Interpolated: {
        std::string text;
        run(expression.parts, text);
        return text;
      }
      case Expression::Kind::List: {
        OrderedJson list = OrderedJson::array();
        for (const ExpressionPtr& each : expression.operands) list.push_back(value_of(*each));
        return list;
      }
      case Expression::Kind::Range:
        return range(expression);
      case Expression::Kind::Map: {
        OrderedJson map = OrderedJson::object();
        for (std::size_t i = 0; i + 1 < expression.operands.size(); i += 2)
          map[template_text(value_of(*expression.operands[i]))] = value_of(*expression.operands[i + 1]);
        return map;
      }
      case Expression::Kind::Unary:
        return !is_true(value_of(*expression.operands[0]));
      case Expression::Kind::Binary:
        return of_binary(expression);
    }
    return nullptr;
  }

  OrderedJson range(const Expression& expression) {
    const OrderedJson from = value_of(*expression.operands[0]);
    const OrderedJson to = value_of(*expression.operands[1]);
    OrderedJson list = OrderedJson::array();
    if (!from.is_number_integer() || !to.is_number_integer()) return list;
    const auto first = from.get<std::int64_t>();
    const auto last = to.get<std::int64_t>();
    if (first > most_steps || first < -most_steps || last > most_steps || last < -most_steps)
      throw RenderProblem{"a range is too long"};
    for (std::int64_t i = first; first <= last ? i <= last : i >= last; i += first <= last ? 1 : -1) {
      step();
      list.push_back(i);
    }
    return list;
  }

  OrderedJson of_binary(const Expression& expression) {
    const std::string& operation = expression.operation;
    OrderedJson left = value_of(*expression.operands[0]);
    if (operation == "&&") return is_true(left) && is_true(value_of(*expression.operands[1]));
    if (operation == "||") return is_true(left) || is_true(value_of(*expression.operands[1]));
    const OrderedJson right = value_of(*expression.operands[1]);
    OrderedJson result = combine(operation, left, right);
    if (result.is_string() && result.get_ref<const std::string&>().size() > longest_text)
      throw RenderProblem{"the result is too long"};
    return result;
  }

  const TemplateInput& input_;
  OrderedJson variables_ = OrderedJson::object();
  Ends ends_ = Ends::No;
  int steps_ = 0;
};

}  // namespace

Rendered render_template(std::string_view source, const TemplateInput& input) {
  const ParsedTemplate parsed = parse_template(source);
  Rendered rendered;
  rendered.problem = parsed.problem;
  if (!rendered.problem.empty()) return rendered;
  try {
    TemplateRun run(input);
    run.run(parsed.nodes, rendered.text);
    rendered.context_after = run.context();
  } catch (const RenderProblem& problem) {
    rendered.problem = problem.text;
  }
  return rendered;
}

std::string template_problem(std::string_view source) { return parse_template(source).problem; }

}  // namespace aviary::apigateway
