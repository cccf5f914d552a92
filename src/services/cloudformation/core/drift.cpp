#include "services/cloudformation/core/drift.hpp"

#include "base/bounded_json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aviary::cloudformation {
namespace {

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool holds_dynamic_reference(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().find("{{resolve:") != std::string::npos;
  if (!value.is_structured()) return false;
  return std::ranges::any_of(value, holds_dynamic_reference);
}

/// Documents are texts in some places and objects in others.
Json opened_document(const Json& value) {
  if (!value.is_string()) return value;
  Json document = parse_bounded<Json>(value.get_ref<const std::string&>());
  return document.is_structured() ? document : value;
}

/// `30`, `"30"`; `"true"`, `true`; `0.50`, `0.5`.
bool same_scalar(const Json& a, const Json& b) {
  const std::string one = scalar_text(a);
  const std::string other = scalar_text(b);
  if (one == other) return true;
  if (!a.is_number() && !b.is_number()) return false;
  const Json first = parse_bounded<Json>(one);
  const Json second = parse_bounded<Json>(other);
  return first.is_number() && second.is_number() && first.get<double>() == second.get<double>();
}

Json one_difference(const std::string& path, const Json* expected, const Json* actual, const char* type) {
  // CloudFormation writes `null` for the side that has nothing.
  return {{"PropertyPath", path},
          {"ExpectedValue", expected != nullptr ? scalar_text(*expected) : "null"},
          {"ActualValue", actual != nullptr ? scalar_text(*actual) : "null"},
          {"DifferenceType", type}};
}

/// Lists of names and of key-value pairs are sets: their order says nothing.
Json in_one_order(const Json& list) {
  std::vector<Json> items(list.begin(), list.end());
  std::ranges::sort(items, {}, [](const Json& item) { return item.dump(); });
  return items;
}

void compare_values(const std::string& path, const Json& given_expected, const Json& given_actual,
                    Json& out) {
  const Json expected = opened_document(given_expected);
  const Json actual = opened_document(given_actual);
  if (expected.is_object() && actual.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      const std::string below = fmt::format("{}/{}", path, key);
      if (const auto found = actual.find(key); found == actual.end())
        out.push_back(one_difference(below, &value, nullptr, "REMOVE"));
      else
        compare_values(below, value, *found, out);
    }
    // Elsewhere a service fills in what is not said.
    if (!path.ends_with("/Variables")) return;
    for (const auto& [key, value] : actual.items())
      if (!expected.contains(key))
        out.push_back(one_difference(fmt::format("{}/{}", path, key), nullptr, &value, "ADD"));
    return;
  }
  if (expected.is_array() && actual.is_array()) {
    const Json wanted = in_one_order(expected);
    const Json there = in_one_order(actual);
    if (wanted.size() != there.size()) {
      for (std::size_t i = 0; i < expected.size(); ++i)
        if (std::ranges::find(actual, expected[i]) == actual.end())
          out.push_back(one_difference(fmt::format("{}/{}", path, i), &expected[i], nullptr, "REMOVE"));
      for (std::size_t i = 0; i < actual.size(); ++i)
        if (std::ranges::find(expected, actual[i]) == expected.end())
          out.push_back(one_difference(fmt::format("{}/{}", path, i), nullptr, &actual[i], "ADD"));
      return;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i)
      compare_values(fmt::format("{}/{}", path, i), wanted[i], there[i], out);
    return;
  }
  const bool same =
      expected.is_structured() || actual.is_structured() ? expected == actual : same_scalar(expected, actual);
  if (!same) out.push_back(one_difference(path, &given_expected, &given_actual, "NOT_EQUAL"));
}

}  // namespace

Json comparable_properties(const StackResource& resource, const DriftReader& reader) {
  Json out = Json::object();
  for (const auto& [name, value] : resource.properties.items()) {
    if (std::ranges::find(reader.readable, name) == reader.readable.end()) continue;
    if (holds_dynamic_reference(value)) continue;
    if (!resource.shown.is_null() && resource.shown.value(name, Json()) != value) continue;
    out[name] = value;
  }
  return out;
}

Json property_differences(const Json& expected, const Json& actual) {
  Json out = Json::array();
  for (const auto& [name, value] : expected.items()) {
    const std::string path = "/" + name;
    if (const auto found = actual.find(name); found == actual.end() || found->is_null())
      out.push_back(one_difference(path, &value, nullptr, "REMOVE"));
    else
      compare_values(path, value, *found, out);
  }
  return out;
}

std::string_view drift_of_stack(std::size_t drifted, std::size_t unknown, std::size_t checked) {
  if (drifted > 0) return "DRIFTED";
  if (unknown > 0) return "UNKNOWN";
  return checked > 0 ? "IN_SYNC" : "NOT_CHECKED";
}

}  // namespace aviary::cloudformation
