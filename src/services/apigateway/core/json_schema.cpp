#include "services/apigateway/core/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/document.hpp"

namespace aviary::apigateway {
namespace {

constexpr int deepest_schema = 64;
constexpr int most_checks = 200'000;

bool is_of_type(const std::string& type, const Json& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type != "integer") return true;
  return value.is_number_integer() ||
         (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

class SchemaCheck {
 public:
  SchemaCheck(const Json& whole, const Json& models) : whole_(whole), models_(models) {}

  std::string problem(const Json& schema, const Json& value, int depth = 0) const {
    if (!schema.is_object()) return {};
    if (depth > deepest_schema || ++checks_ > most_checks) return "the schema is too complex";
    if (const std::string& reference = text_of(schema, "$ref"); !reference.empty()) {
      const Json* target = referred_schema(reference);
      return target == nullptr ? "no schema " + reference : problem(*target, value, depth + 1);
    }
    if (const Json* type = find_member(schema, "type")) {
      const bool fits =
          type->is_array()
              ? std::ranges::any_of(*type,
                                    [&](const Json& each) {
                                      return each.is_string() && is_of_type(each.get<std::string>(), value);
                                    })
              : !type->is_string() || is_of_type(type->get<std::string>(), value);
      if (!fits) return fmt::format("{} is not of type {}", value.type_name(), type->dump());
    }
    if (const Json* values = find_member(schema, "enum"); values != nullptr && values->is_array())
      if (std::ranges::find(*values, value) == values->end()) return "not one of the values";
    if (std::string found = combined(schema, value, depth); !found.empty()) return found;
    if (value.is_object()) return of_object(schema, value, depth);
    if (value.is_array()) return of_array(schema, value, depth);
    if (value.is_string()) {
      const std::size_t length = characters(value.get_ref<const std::string&>());
      return of_size(schema, length, "minLength", "maxLength");
    }
    if (value.is_number()) return of_number(schema, value.get<double>());
    return {};
  }

 private:
  const Json* referred_schema(const std::string& reference) const {
    if (reference == "#") return &whole_;
    const std::string name = reference.substr(reference.rfind('/') + 1);
    if (reference.starts_with("#/definitions/"))
      if (const Json* own = find_member(whole_, "definitions"); own != nullptr && own->contains(name))
        return &(*own)[name];
    const auto model = models_.find(name);
    return model != models_.end() ? &*model : nullptr;
  }

  std::string combined(const Json& schema, const Json& value, int depth) const {
    const auto fitting = [&](const Json& list) {
      return std::ranges::count_if(list,
                                   [&](const Json& each) { return problem(each, value, depth + 1).empty(); });
    };
    if (const Json* all = find_member(schema, "allOf"))
      if (fitting(*all) != static_cast<long>(all->size())) return "not all of";
    if (const Json* any = find_member(schema, "anyOf"))
      if (fitting(*any) == 0) return "not any of";
    if (const Json* one = find_member(schema, "oneOf"))
      if (fitting(*one) != 1) return "not one of";
    if (const Json* other = find_member(schema, "not"))
      if (problem(*other, value, depth + 1).empty()) return "what it must not be";
    return {};
  }

  std::string of_object(const Json& schema, const Json& value, int depth) const {
    for (const std::string& name : texts_of(schema, "required"))
      if (!value.contains(name)) return "missing " + name;
    const Json properties = schema.value("properties", Json::object());
    const Json* more = find_member(schema, "additionalProperties");
    for (const auto& [name, each] : value.items()) {
      std::string found;
      if (const auto known = properties.find(name); known != properties.end())
        found = problem(*known, each, depth + 1);
      else if (more != nullptr && *more == false)
        found = "is not allowed";
      else if (more != nullptr)
        found = problem(*more, each, depth + 1);
      if (!found.empty()) return name + ": " + found;
    }
    return of_size(schema, value.size(), "minProperties", "maxProperties");
  }

  std::string of_array(const Json& schema, const Json& value, int depth) const {
    if (const Json* items = find_member(schema, "items"))
      for (std::size_t i = 0; i < value.size(); ++i) {
        const Json* item = items->is_array() ? (i < items->size() ? &(*items)[i] : nullptr) : items;
        if (item == nullptr) break;
        if (std::string found = problem(*item, value[i], depth + 1); !found.empty())
          return fmt::format("{}: {}", i, found);
      }
    if (flag_of(schema, "uniqueItems"))
      if (std::set<Json>(value.begin(), value.end()).size() != value.size()) return "values repeat";
    return of_size(schema, value.size(), "minItems", "maxItems");
  }

  static std::string of_size(const Json& schema, std::size_t size, const char* least, const char* most) {
    if (const Json* bound = find_member(schema, least); bound && bound->is_number() && *bound > size)
      return fmt::format("{} is {}", least, bound->dump());
    if (const Json* bound = find_member(schema, most); bound && bound->is_number() && *bound < size)
      return fmt::format("{} is {}", most, bound->dump());
    return {};
  }

  static std::string of_number(const Json& schema, double value) {
    if (const Json* least = find_member(schema, "minimum"); least && least->is_number()) {
      const double bound = least->get<double>();
      if (value < bound || (value == bound && flag_of(schema, "exclusiveMinimum"))) return "too small";
    }
    if (const Json* most = find_member(schema, "maximum"); most && most->is_number()) {
      const double bound = most->get<double>();
      if (value > bound || (value == bound && flag_of(schema, "exclusiveMaximum"))) return "too large";
    }
    if (const Json* step = find_member(schema, "multipleOf"); step && step->is_number() && *step != 0)
      if (std::fmod(value, step->get<double>()) != 0) return "not a multiple";
    return {};
  }

  const Json& whole_;
  const Json& models_;
  mutable int checks_ = 0;
};

}  // namespace

std::string schema_problem(const Json& schema, const Json& document, const Json& models) {
  try {
    return SchemaCheck(schema, models).problem(schema, document);
  } catch (const Json::exception&) {
    return "the schema cannot be read";
  }
}

}  // namespace aviary::apigateway
