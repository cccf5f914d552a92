#include "services/cloudformation/core/sam_application.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aviary::cloudformation {

void expand_application(SamDraft& draft, const std::string& name, const Json& resource) {
  static constexpr std::array known{"Location", "Parameters", "NotificationARNs", "Tags", "TimeoutInMinutes"};
  const Json properties = resource.value("Properties", Json::object());
  for (const auto& [key, value] : properties.items())
    if (std::ranges::find(known, key) == known.end()) {
      draft.refuse(name, fmt::format("property {} not defined for resource of type "
                                     "AWS::Serverless::Application",
                                     key));
      return;
    }
  const Json location = properties.value("Location", Json());
  if (location.is_null()) {
    draft.refuse(name, "Resource is missing the required [Location] property.");
    return;
  }
  if (location.is_object()) {
    for (const char* member : {"ApplicationId", "SemanticVersion"})
      if (!location.contains(member)) {
        draft.refuse(name, fmt::format("Resource is missing the required [{}] property.", member));
        return;
      }
    draft.refuse(name, "Aviary does not have applications of the Serverless Application Repository.");
    return;
  }
  if (!location.is_string()) {
    draft.refuse(name, "Type of property 'Location' is invalid.");
    return;
  }
  Json stack{{"TemplateURL", location},
             {"Tags", sam_tags(properties.value("Tags", Json()), "lambda:createdBy")}};
  for (const char* member : {"Parameters", "NotificationARNs", "TimeoutInMinutes"})
    if (properties.contains(member)) stack[member] = properties[member];
  Json made{{"Type", "AWS::CloudFormation::Stack"}, {"Properties", std::move(stack)}};
  for (const char* attribute : {"Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"})
    if (resource.contains(attribute)) made[attribute] = resource[attribute];
  draft.resources[name] = std::move(made);
}

}  // namespace aviary::cloudformation
