#include "services/cloudformation/core/sam_policies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace aviary::cloudformation {
namespace {

/// `Ref`s of the template's own parameters; what they are replaced by may name others of the same name.
Json with_values(const Json& value, const Json& given) {
  if (!value.is_structured()) return value;
  if (value.is_object() && value.size() == 1 && value.begin().key() == "Ref" && value.begin()->is_string()) {
    const auto found = given.find(value.begin()->get<std::string>());
    return found == given.end() ? value : *found;
  }
  Json out = value;
  for (Json& each : out) each = with_values(each, given);
  return out;
}

}  // namespace

bool is_policy_template(const Json& policy) {
  return policy.is_object() && policy.size() == 1 && sam_policy_templates().contains(policy.begin().key());
}

Json policy_of_template(const Json& policy, std::string& problem) {
  const std::string& name = policy.begin().key();
  const Json& given = *policy.begin();
  const Json& known = sam_policy_templates()[name];
  std::vector<std::string> missing;
  for (const Json& parameter : known["Parameters"])
    if (!given.is_object() || !given.contains(parameter.get<std::string>()))
      missing.push_back(parameter.get<std::string>());
  if (!missing.empty()) {
    problem = fmt::format("Following required parameters of policy template '{}' don't have values: ['{}']",
                          name, fmt::join(missing, "', '"));
    return nullptr;
  }
  return with_values(known["Definition"], given.is_object() ? given : Json::object());
}

}  // namespace aviary::cloudformation
