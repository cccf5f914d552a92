#include "services/cloudformation/core/language_extensions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

constexpr std::string_view loop_prefix = "Fn::ForEach::";
/// What loops may multiply to: the resources of a template, with room for properties.
constexpr std::size_t most_rounds = 20'000;
constexpr std::size_t most_values = 300'000;

bool is_alphanumeric(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0; });
}

std::string only_alphanumeric(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out), [](unsigned char c) { return std::isalnum(c) != 0; });
  return out;
}

void replace_all(std::string& text, const std::string& mark, const std::string& value) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
}

/// Writes loops out, whole documents down. One use.
class Loops {
 public:
  explicit Loops(const Lookups& lookups) : lookups_(lookups) {}

  Result<Json> expand(const Json& value) {
    if (++values_ > most_values)
      return validation_error("Fn::ForEach: the template becomes larger than a template may be");
    if (value.is_array()) {
      Json out = Json::array();
      for (const Json& each : value) {
        Result<Json> element = expand(each);
        if (!element) return element;
        out.push_back(std::move(*element));
      }
      return out;
    }
    if (!value.is_object()) return value;
    Json out = Json::object();
    for (const auto& [key, each] : value.items()) {
      const bool is_loop = key.starts_with(loop_prefix);
      Result<Json> member = is_loop ? rounds(key, each) : expand(each);
      if (!member) return member;
      if (!is_loop) {
        if (out.contains(key)) return twice(key);
        out[key] = std::move(*member);
        continue;
      }
      for (const auto& [made, content] : member->items()) {
        if (out.contains(made)) return twice(made);
        out[made] = content;
      }
    }
    return out;
  }

 private:
  static AwsError wrong(const std::string& loop) {
    return validation_error(fmt::format("{} layout is incorrect", loop));
  }
  static AwsError twice(const std::string& key) {
    return validation_error(fmt::format("Fn::ForEach: the key {} comes twice", key));
  }

  Result<Json> rounds(const std::string& loop, const Json& definition) {
    if (!is_alphanumeric(std::string_view(loop).substr(loop_prefix.size())) || !definition.is_array() ||
        definition.size() != 3 || !definition[0].is_string() || !definition[2].is_object())
      return wrong(loop);
    const auto& identifier = definition[0].get_ref<const std::string&>();
    if (!is_alphanumeric(identifier)) return wrong(loop);
    const Result<Json> collection = evaluate(definition[1], lookups_);
    if (!collection) return collection;
    if (!collection->is_array()) return wrong(loop);
    std::vector<std::string> values;
    for (const Json& each : *collection) {
      // A list within is one of a parameter's.
      const Json several = each.is_array() ? each : Json::array({each});
      for (const Json& value : several) {
        if (!value.is_string() && !value.is_number() && !value.is_boolean()) return wrong(loop);
        std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        if (std::ranges::find(values, text) != values.end())
          return validation_error(fmt::format("{}: the collection has {} twice", loop, text));
        values.push_back(std::move(text));
      }
    }
    Json out = Json::object();
    for (const std::string& value : values) {
      if (++rounds_ > most_rounds)
        return validation_error(fmt::format("{}: more than {} rounds in all", loop, most_rounds));
      Result<Json> round = expand(filled(definition[2], identifier, value));
      if (!round) return round;
      for (const auto& [key, content] : round->items()) {
        if (out.contains(key)) return twice(key);
        out[key] = content;
      }
    }
    return out;
  }

  static std::string filled_text(std::string text, const std::string& identifier, const std::string& value) {
    replace_all(text, "${" + identifier + "}", value);
    replace_all(text, "&{" + identifier + "}", only_alphanumeric(value));
    return text;
  }

  /// The body of a loop, for one value.
  static Json filled(const Json& body, const std::string& identifier, const std::string& value) {
    if (body.is_string()) return filled_text(body.get<std::string>(), identifier, value);
    if (body.is_array()) {
      Json out = Json::array();
      for (const Json& each : body) out.push_back(filled(each, identifier, value));
      return out;
    }
    if (!body.is_object()) return body;
    if (body.size() == 1 && body.begin().key() == "Ref" && *body.begin() == Json(identifier)) return value;
    Json out = Json::object();
    for (const auto& [key, each] : body.items())
      out[filled_text(key, identifier, value)] = filled(each, identifier, value);
    return out;
  }

  const Lookups& lookups_;
  std::size_t rounds_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

Result<Json> extend_language(const Json& document, const Lookups& lookups) {
  Json out = document;
  for (const char* name : {"Conditions", "Resources", "Outputs"}) {
    const auto section = document.find(name);
    if (section == document.end()) continue;
    Loops loops(lookups);
    Result<Json> expanded = loops.expand(*section);
    if (!expanded) return expanded;
    out[name] = std::move(*expanded);
  }
  const auto resources = out.find("Resources");
  if (resources == out.end() || !resources->is_object()) return out;
  for (auto& [name, resource] : resources->items())
    for (const char* policy : {"DeletionPolicy", "UpdateReplacePolicy"}) {
      if (!resource.is_object() || !resource.contains(policy) || !resource[policy].is_object()) continue;
      Result<Json> value = evaluate(resource[policy], lookups);
      if (!value) return value;
      if (!value->is_string())
        return validation_error(fmt::format("{} of {} does not resolve to a string", policy, name));
      resource[policy] = std::move(*value);
    }
  return out;
}

}  // namespace aviary::cloudformation
