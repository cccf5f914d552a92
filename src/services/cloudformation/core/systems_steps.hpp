#pragma once

#include <string>
#include <utility>

#include "services/cloudformation/core/resource_type.hpp"

/// What the types of AWS Systems Manager have in common.
namespace aviary::cloudformation {

/// `removes`: what is gone already is fine.
inline Step systems_call(std::string operation, Json input, bool removes = false) {
  return {.service = "ssm",
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

/// The resource's own tags, and the stack's.
inline Json tags_with_stack(const Context& context, const Json& properties) {
  Json tags = tag_map(context.stack_tags);
  tags.update(tag_map(properties.value("Tags", Json::array())));
  Json list = Json::array();
  for (const auto& [key, value] : tags.items()) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

/// From the tags that are there to those that are wanted. `type`: as `AddTagsToResource` has it.
inline void append_tag_steps(const Context& context, const char* type, const Existing& existing,
                             const Json& wanted, Steps& steps) {
  if (!differs(existing.properties, wanted, "Tags")) return;
  const Json about{{"ResourceType", type}, {"ResourceId", existing.physical_id}};
  const Json tags = tags_with_stack(context, wanted);
  Json gone = tags_gone(existing.properties, Json::object({{"Tags", tags}}));
  if (!gone.empty()) {
    steps.push_back(systems_call("RemoveTagsFromResource", about));
    steps.back().input["TagKeys"] = std::move(gone);
  }
  if (!tags.empty()) {
    steps.push_back(systems_call("AddTagsToResource", about));
    steps.back().input["Tags"] = tags;
  }
}

}  // namespace aviary::cloudformation
