#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "services/cloudformation/core/resource_type.hpp"

/// How templates' REST APIs become calls: members of API Gateway v1 begin with a small letter, updates are
/// patches.
namespace aviary::cloudformation {

inline Step rest_call(std::string operation, Json input, bool removes = false) {
  return {.service = "apigateway",
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

inline std::string with_small_letter(std::string name) {
  if (!name.empty() && name[0] >= 'A' && name[0] <= 'Z') name[0] = static_cast<char>(name[0] - 'A' + 'a');
  return name;
}

/// Those of these names that are there, their values as they are.
inline Json small_properties(const Json& properties, std::initializer_list<const char*> names) {
  Json out = Json::object();
  for (const char* name : names)
    if (const auto found = properties.find(name); found != properties.end() && !found->is_null())
      out[with_small_letter(name)] = *found;
  return out;
}

/// One segment of a patch's path: slashes and tildes escaped.
inline std::string patch_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

inline Json rest_patch(const char* op, std::string path, std::string value) {
  Json patch{{"op", op}, {"path", std::move(path)}};
  if (std::string_view(op) != "remove" || !value.empty()) patch["value"] = std::move(value);
  return patch;
}

}  // namespace aviary::cloudformation
