#include "services/cloudformation/core/intrinsics.hpp"

namespace aviary::cloudformation {
namespace {

/// The only key of an object that is a function which names resources, else empty.
std::string_view only_function(const Json& value) {
  if (!value.is_object() || value.size() != 1) return {};
  const std::string& key = value.begin().key();
  if (key == "Ref" || key == "Fn::GetAtt" || key == "Fn::Sub") return key;
  return {};
}

void names_in_sub(const std::string& text, const Json* variables, std::set<std::string>& names) {
  std::string_view rest = text;
  while (true) {
    const std::size_t open = rest.find("${");
    if (open == std::string_view::npos) return;
    const std::size_t close = rest.find('}', open);
    if (close == std::string_view::npos) return;
    std::string name(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 1);
    while (name.ends_with(' ')) name.pop_back();
    while (name.starts_with(' ')) name.erase(0, 1);
    if (name.starts_with('!') || (variables != nullptr && variables->contains(name))) continue;
    names.insert(name.substr(0, name.find('.')));
  }
}

}  // namespace

void collect_references(const Json& expression, std::set<std::string>& names) {
  if (expression.is_array()) {
    for (const Json& each : expression) collect_references(each, names);
    return;
  }
  if (!expression.is_object()) return;
  const std::string_view function = only_function(expression);
  if (function == "Ref" && expression.begin()->is_string()) {
    names.insert(expression.begin()->get<std::string>());
    return;
  }
  if (function == "Fn::GetAtt") {
    const Json& argument = *expression.begin();
    if (argument.is_string()) {
      const std::string text = argument.get<std::string>();
      names.insert(text.substr(0, text.find('.')));
    } else if (argument.is_array() && !argument.empty() && argument[0].is_string()) {
      names.insert(argument[0].get<std::string>());
      for (const Json& each : argument) collect_references(each, names);
    }
    return;
  }
  if (function == "Fn::Sub") {
    const Json& argument = *expression.begin();
    if (argument.is_string()) {
      names_in_sub(argument.get<std::string>(), nullptr, names);
    } else if (argument.is_array() && argument.size() == 2 && argument[0].is_string()) {
      names_in_sub(argument[0].get<std::string>(), &argument[1], names);
      collect_references(argument[1], names);
    }
    return;
  }
  for (const auto& [key, each] : expression.items()) collect_references(each, names);
}

}  // namespace aviary::cloudformation
