#include "services/cloudformation/core/intrinsics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/encoding.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

AwsError template_error(std::string_view text) {
  return validation_error(fmt::format("Template error: {}", text));
}

/// The only key of an object that is a function, else empty.
std::string_view function_of(const Json& value) {
  if (!value.is_object() || value.size() != 1) return {};
  const std::string& key = value.begin().key();
  if (key == "Ref" || key == "Condition" || key.starts_with("Fn::")) return key;
  return {};
}

std::optional<std::string> text_value(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

class Evaluator {
 public:
  explicit Evaluator(const Lookups& lookups) : lookups_(lookups) {}

  Result<Json> value(const Json& expression) {
    if (expression.is_array()) {
      Json out = Json::array();
      for (const Json& each : expression) {
        Result<Json> element = value(each);
        if (!element) return element;
        if (!is_no_value(*element)) out.push_back(std::move(*element));
      }
      return out;
    }
    if (!expression.is_object()) return expression;
    const std::string_view function = function_of(expression);
    // `Condition` is a key of policies as well; there it holds an object.
    if (!function.empty() && !(function == "Condition" && !expression.begin()->is_string()))
      return call(function, *expression.begin());
    Json out = Json::object();
    for (const auto& [key, each] : expression.items()) {
      Result<Json> member = value(each);
      if (!member) return member;
      if (!is_no_value(*member)) out[key] = std::move(*member);
    }
    return out;
  }

  static bool is_no_value(const Json& value) {
    return value.is_object() && value.size() == 1 && value.begin().key() == no_value;
  }

 private:
  Result<Json> call(std::string_view function, const Json& argument) {
    if (function == "Ref") return ref(argument);
    if (function == "Fn::GetAtt") return get_att(argument);
    if (function == "Fn::Sub") return sub(argument);
    if (function == "Fn::Join") return join(argument);
    if (function == "Fn::If") return choose(argument);
    if (function == "Fn::Select") return select(argument);
    if (function == "Fn::Split") return split(argument);
    if (function == "Fn::FindInMap") return find_in_map(argument);
    if (function == "Fn::ImportValue") return import(argument);
    if (function == "Fn::Base64") return base64(argument);
    if (function == "Fn::GetAZs") return zones(argument);
    if (function == "Fn::Cidr") return cidr(argument);
    if (function == "Fn::ToJsonString") return json_string(argument);
    if (function == "Fn::Length") return length(argument);
    if (function == "Condition") return condition(argument);
    if (function == "Fn::Equals" || function == "Fn::And" || function == "Fn::Or" || function == "Fn::Not")
      return template_error(fmt::format("{} is only allowed in conditions", function));
    return validation_error(fmt::format("Template format error: Unrecognized function {}", function));
  }

  Result<Json> ref(const Json& argument) {
    if (!argument.is_string()) return template_error("every Ref object must have a single String value.");
    const std::string name = argument.get<std::string>();
    if (name == no_value) return Json{{std::string(no_value), true}};
    if (std::optional<Json> found = lookups_.ref(name)) return *found;
    return validation_error(fmt::format(
        "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template",
        name));
  }

  Result<Json> attribute(const std::string& resource, const std::string& name) {
    return lookups_.attribute(resource, name);
  }

  Result<Json> get_att(const Json& argument) {
    if (argument.is_string()) {
      const std::string text = argument.get<std::string>();
      const std::size_t dot = text.find('.');
      if (dot != std::string::npos) return attribute(text.substr(0, dot), text.substr(dot + 1));
    } else if (argument.is_array() && argument.size() == 2 && argument[0].is_string()) {
      const Result<Json> name = value(argument[1]);
      if (!name) return name;
      if (name->is_string()) return attribute(argument[0].get<std::string>(), name->get<std::string>());
    }
    return template_error(
        "every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
        "attribute");
  }

  Result<Json> sub(const Json& argument) {
    std::string text;
    Json variables = Json::object();
    if (argument.is_string()) {
      text = argument.get<std::string>();
    } else if (argument.is_array() && argument.size() == 2 && argument[0].is_string() &&
               argument[1].is_object()) {
      text = argument[0].get<std::string>();
      Result<Json> given = value(argument[1]);
      if (!given) return given;
      variables = std::move(*given);
    } else {
      return template_error(
          "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
          "first "
          "argument, and an optional second argument to specify a mapping of values to replace in the "
          "string");
    }
    std::string out;
    std::string_view rest = text;
    while (true) {
      const std::size_t open = rest.find("${");
      out += rest.substr(0, open);
      if (open == std::string_view::npos) return Json(std::move(out));
      const std::size_t close = rest.find('}', open);
      if (close == std::string_view::npos) {
        out += rest.substr(open);
        return Json(std::move(out));
      }
      std::string name(rest.substr(open + 2, close - open - 2));
      rest.remove_prefix(close + 1);
      if (name.starts_with('!')) {
        out += "${" + name.substr(1) + "}";
        continue;
      }
      while (name.ends_with(' ')) name.pop_back();
      while (name.starts_with(' ')) name.erase(0, 1);
      Result<Json> replaced = substituted(name, variables);
      if (!replaced) return replaced;
      const std::optional<std::string> piece = text_value(*replaced);
      if (!piece)
        return template_error(fmt::format("Fn::Sub expression does not resolve to a string: {}", name));
      out += *piece;
    }
  }

  Result<Json> substituted(const std::string& name, const Json& variables) {
    if (variables.contains(name)) return variables[name];
    const std::size_t dot = name.find('.');
    if (dot != std::string::npos) return attribute(name.substr(0, dot), name.substr(dot + 1));
    if (std::optional<Json> found = lookups_.ref(name)) return *found;
    return validation_error(fmt::format(
        "Template format error: Unresolved resource dependencies [{}] in the Resources block of the template",
        name));
  }

  Result<Json> join(const Json& argument) {
    if (!argument.is_array() || argument.size() != 2 || !argument[0].is_string())
      return template_error(
          "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
          "strings to be joined or a function that returns a list of strings");
    const Result<Json> list = value(argument[1]);
    if (!list) return list;
    if (!list->is_array())
      return template_error(
          "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
          "strings to be joined or a function that returns a list of strings");
    std::string out;
    bool first = true;
    for (const Json& each : *list) {
      const std::optional<std::string> piece = text_value(each);
      if (!piece) return template_error("every value of the list of an Fn::Join object must be a string");
      if (!first) out += argument[0].get_ref<const std::string&>();
      first = false;
      out += *piece;
    }
    return Json(std::move(out));
  }

  Result<bool> condition_named(const Json& name) {
    if (!name.is_string()) return template_error("Fn::If requires the name of a condition");
    const std::string text = name.get<std::string>();
    if (lookups_.conditions != nullptr)
      if (const auto found = lookups_.conditions->find(text); found != lookups_.conditions->end())
        return found->second;
    return validation_error(fmt::format(
        "Template format error: Unresolved condition dependency {} in the Resources block of the template",
        text));
  }

  Result<Json> condition(const Json& argument) {
    const Result<bool> held = condition_named(argument);
    if (!held) return held.error();
    return Json(*held);
  }

  Result<Json> choose(const Json& argument) {
    if (!argument.is_array() || argument.size() != 3)
      return template_error("Fn::If requires a list argument with three elements");
    const Result<bool> held = condition_named(argument[0]);
    if (!held) return held.error();
    return value(argument[*held ? 1 : 2]);
  }

  Result<Json> select(const Json& argument) {
    if (!argument.is_array() || argument.size() != 2)
      return template_error(
          "Fn::Select requires a list argument with two elements: an integer index and a list");
    const Result<Json> index = value(argument[0]);
    if (!index) return index;
    const Result<Json> list = value(argument[1]);
    if (!list) return list;
    std::size_t at = 0;
    const std::string text = text_value(*index).value_or("");
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), at);
    if (problem != std::errc{} || end != text.data() + text.size() || !list->is_array())
      return template_error(
          "Fn::Select requires a list argument with two elements: an integer index and a list");
    if (at >= list->size())
      return template_error(fmt::format("Fn::Select cannot select nonexistent value at index {}", at));
    if ((*list)[at].is_null()) return template_error("Fn::Select cannot have null values in its list");
    return (*list)[at];
  }

  Result<Json> split(const Json& argument) {
    if (!argument.is_array() || argument.size() != 2 || !argument[0].is_string() ||
        argument[0].get_ref<const std::string&>().empty())
      return template_error(
          "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
          "to be split or a function that returns a string to be split.");
    const Result<Json> text = value(argument[1]);
    if (!text) return text;
    if (!text->is_string())
      return template_error(
          "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
          "to be split or a function that returns a string to be split.");
    const auto& delimiter = argument[0].get_ref<const std::string&>();
    Json out = Json::array();
    std::string_view rest = text->get_ref<const std::string&>();
    while (true) {
      const std::size_t at = rest.find(delimiter);
      out.push_back(std::string(rest.substr(0, at)));
      if (at == std::string_view::npos) return out;
      rest.remove_prefix(at + delimiter.size());
    }
  }

  Result<Json> find_in_map(const Json& argument) {
    if (!argument.is_array() || argument.size() < 3)
      return template_error(
          "every Fn::FindInMap object requires three parameters, the map name, map key and the "
          "attribute for return value");
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < 3; ++i) {
      const Result<Json> key = value(argument[i]);
      if (!key) return key;
      keys.push_back(text_value(*key).value_or(""));
    }
    const Json* at = lookups_.mappings;
    for (const std::string& key : keys)
      if (at != nullptr) at = at->is_object() && at->contains(key) ? &(*at)[key] : nullptr;
    if (at != nullptr) return value(*at);
    if (argument.size() > 3 && argument[3].is_object() && argument[3].contains("DefaultValue"))
      return value(argument[3]["DefaultValue"]);
    return template_error(fmt::format("Unable to get mapping for {}::{}::{}", keys[0], keys[1], keys[2]));
  }

  Result<Json> import(const Json& argument) {
    const Result<Json> name = value(argument);
    if (!name) return name;
    if (!name->is_string()) return template_error("the attribute in Fn::ImportValue must be a string");
    return lookups_.import(name->get<std::string>());
  }

  Result<Json> base64(const Json& argument) {
    const Result<Json> text = value(argument);
    if (!text) return text;
    if (!text->is_string()) return template_error("every Fn::Base64 object must have a String-typed value.");
    return Json(base64_encode(text->get_ref<const std::string&>()));
  }

  Result<Json> zones(const Json& argument) {
    const Result<Json> named = value(argument);
    if (!named) return named;
    const std::string region = named->is_string() && !named->get_ref<const std::string&>().empty()
                                   ? named->get<std::string>()
                                   : lookups_.region;
    Json out = Json::array();
    for (const char* letter : {"a", "b", "c"}) out.push_back(region + letter);
    return out;
  }

  Result<Json> cidr(const Json& argument) {
    if (!argument.is_array() || argument.size() < 2)
      return template_error("Fn::Cidr requires an ip block and a count");
    std::vector<std::string> parts;
    for (const Json& each : argument) {
      const Result<Json> part = value(each);
      if (!part) return part;
      parts.push_back(text_value(*part).value_or(""));
    }
    unsigned a = 0, b = 0, c = 0, d = 0, prefix = 0, count = 0, bits = 8;
    if (std::sscanf(parts[0].c_str(), "%u.%u.%u.%u/%u", &a, &b, &c, &d, &prefix) != 5 ||
        std::sscanf(parts[1].c_str(), "%u", &count) != 1 ||
        (parts.size() > 2 && std::sscanf(parts[2].c_str(), "%u", &bits) != 1) || prefix > 32 || bits > 32 ||
        count == 0 || count > 256 || a > 255 || b > 255 || c > 255 || d > 255)
      return template_error("Fn::Cidr requires an IPv4 block, a count of 1 to 256 and a number of bits");
    const unsigned size_prefix = 32 - bits;
    if (size_prefix < prefix || (size_prefix - prefix < 8 && (1U << (size_prefix - prefix)) < count))
      return template_error("Fn::Cidr: the block is too small for that many subnets");
    std::uint64_t at =
        (std::uint64_t{a} << 24 | b << 16 | c << 8 | d) & ~((std::uint64_t{1} << (32 - prefix)) - 1);
    Json out = Json::array();
    for (unsigned i = 0; i < count; ++i, at += std::uint64_t{1} << bits)
      out.push_back(fmt::format("{}.{}.{}.{}/{}", at >> 24 & 255, at >> 16 & 255, at >> 8 & 255, at & 255,
                                size_prefix));
    return out;
  }

  Result<Json> json_string(const Json& argument) {
    const Result<Json> document = value(argument);
    if (!document) return document;
    return Json(document->dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  Result<Json> length(const Json& argument) {
    const Result<Json> list = value(argument);
    if (!list) return list;
    if (!list->is_array()) return template_error("Fn::Length only accepts a list");
    return Json(list->size());
  }

  const Lookups& lookups_;
};

}  // namespace

Result<Json> evaluate(const Json& expression, const Lookups& lookups) {
  Evaluator evaluator(lookups);
  Result<Json> value = evaluator.value(expression);
  if (value && Evaluator::is_no_value(*value)) return Json();
  return value;
}

Result<bool> evaluate_condition(const Json& expression, const Lookups& lookups, const Json& defined,
                                std::set<std::string>& open) {
  const std::string_view function = function_of(expression);
  if (function.empty()) {
    if (expression.is_boolean()) return expression.get<bool>();
    if (expression == Json("true")) return true;
    if (expression == Json("false")) return false;
    return validation_error("Template format error: Every Conditions member must be a condition function.");
  }
  const Json& argument = *expression.begin();
  if (function == "Condition") {
    const std::string name = argument.is_string() ? argument.get<std::string>() : std::string();
    if (!defined.contains(name))
      return validation_error(fmt::format(
          "Template format error: Unresolved condition dependency {} in the Conditions block of the template",
          name));
    if (!open.insert(name).second)
      return validation_error(
          fmt::format("Template error: Found circular condition dependency between {}", name));
    const Result<bool> held = evaluate_condition(defined[name], lookups, defined, open);
    open.erase(name);
    return held;
  }
  if (function == "Fn::Equals") {
    if (!argument.is_array() || argument.size() != 2)
      return template_error("every Fn::Equals object requires a list of 2 string parameters.");
    const Result<Json> left = evaluate(argument[0], lookups);
    if (!left) return left.error();
    const Result<Json> right = evaluate(argument[1], lookups);
    if (!right) return right.error();
    const std::optional<std::string> a = text_value(*left);
    const std::optional<std::string> b = text_value(*right);
    return a && b ? *a == *b : *left == *right;
  }
  if (function == "Fn::Not" || function == "Fn::And" || function == "Fn::Or") {
    const std::size_t least = function == "Fn::Not" ? 1 : 2;
    const std::size_t most = function == "Fn::Not" ? 1 : 10;
    if (!argument.is_array() || argument.size() < least || argument.size() > most)
      return template_error(fmt::format("every {} object requires a list of {} boolean parameters.", function,
                                        least == most ? "1" : "at least 2 and at most 10"));
    bool all = true;
    bool any = false;
    for (const Json& each : argument) {
      const Result<bool> held = evaluate_condition(each, lookups, defined, open);
      if (!held) return held;
      all = all && *held;
      any = any || *held;
    }
    return function == "Fn::Not" ? !any : function == "Fn::And" ? all : any;
  }
  return template_error(fmt::format("{} cannot be used in a condition", function));
}

}  // namespace aviary::cloudformation
