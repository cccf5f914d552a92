#include <fmt/format.h>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

/// `arn:aws:codedeploy:region:account:application:name`, `…:deploymentgroup:application/group` or
/// `…:deploymentconfig:name`.
struct TaggedResource {
  Scope scope;
  std::string application;
  std::string group;
  std::string config;
};

Result<TaggedResource> resource_in(const Json& input) {
  const std::string& arn = text_of(input, "ResourceArn");
  if (arn.empty()) return AwsError(rows::ResourceArnRequiredException, "Resource ARN is missing");
  const AwsError invalid(rows::InvalidArnException, fmt::format("The ARN {} is not valid", arn));
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (int i = 0; i < 6; ++i) {
    const std::size_t colon = arn.find(':', at);
    if (colon == std::string::npos) return invalid;
    parts.push_back(arn.substr(at, colon - at));
    at = colon + 1;
  }
  const std::string name = arn.substr(at);
  if (parts[0] != "arn" || parts[2] != "codedeploy" || name.empty()) return invalid;
  TaggedResource resource{.scope = {parts[4], parts[3]}, .application = {}, .group = {}, .config = {}};
  if (parts[5] == "application") {
    resource.application = name;
  } else if (parts[5] == "deploymentgroup") {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos || slash + 1 == name.size()) return invalid;
    resource.application = name.substr(0, slash);
    resource.group = name.substr(slash + 1);
  } else if (parts[5] == "deploymentconfig") {
    if (is_predefined(name))
      return AwsError(rows::ArnNotSupportedException,
                      fmt::format("The predefined configuration {} takes no tags", name));
    resource.config = name;
  } else {
    return AwsError(rows::ArnNotSupportedException, fmt::format("The ARN {} is not supported", arn));
  }
  return resource;
}

Result<Tags> tags_at(const TaggedResource& resource, const Applications& applications,
                     const Configs& configs) {
  if (!resource.config.empty()) {
    const std::optional<Config> config = configs.find(resource.scope, resource.config);
    if (!config) return config_not_found(resource.config);
    return config->tags;
  }
  const Application* application = applications.find(resource.scope, resource.application);
  if (!application) return application_not_found(resource.application);
  if (resource.group.empty()) return application->tags;
  const auto group = application->groups.find(resource.group);
  if (group == application->groups.end()) return group_not_found(resource.group);
  return group->second.tags;
}

void put_tags(const TaggedResource& resource, Tags tags, Applications& applications, Configs& configs) {
  if (!resource.config.empty()) {
    configs.set_tags(resource.scope, resource.config, std::move(tags));
  } else if (resource.group.empty()) {
    applications.set_tags(resource.scope, resource.application, std::move(tags));
  } else {
    Group group = *applications.find_group(resource.scope, resource.application, resource.group);
    group.tags = std::move(tags);
    applications.put_group(resource.scope, resource.application, std::move(group));
  }
}

}  // namespace

Result<Reply> CodeDeployService::tag_resource(Call& call) {
  const Result<TaggedResource> resource = resource_in(call.input);
  if (!resource) return resource.error();
  const Json* list = find_member(call.input, "Tags");
  if (!list || list->empty()) return AwsError(rows::TagRequiredException, "Tags are missing");
  const Result<Tags> before = tags_at(*resource, applications_, configs_);
  if (!before) return before.error();
  Result<Tags> tags = tags_of(list, *before);
  if (!tags) return tags.error();
  put_tags(*resource, std::move(*tags), applications_, configs_);
  return Reply{};
}

Result<Reply> CodeDeployService::untag_resource(Call& call) {
  const Result<TaggedResource> resource = resource_in(call.input);
  if (!resource) return resource.error();
  const std::vector<std::string> keys = texts_of(call.input, "TagKeys");
  if (keys.empty()) return AwsError(rows::TagRequiredException, "Tag keys are missing");
  Result<Tags> tags = tags_at(*resource, applications_, configs_);
  if (!tags) return tags.error();
  for (const std::string& key : keys) tags->erase(key);
  put_tags(*resource, std::move(*tags), applications_, configs_);
  return Reply{};
}

/// A resource that does not exist has no tags: the operation's model has no error for that.
Result<Reply> CodeDeployService::list_tags_for_resource(Call& call) {
  const Result<TaggedResource> resource = resource_in(call.input);
  if (!resource) return resource.error();
  const Result<Tags> tags = tags_at(*resource, applications_, configs_);
  return Reply{.output = {{"Tags", render_tags(tags ? *tags : Tags{})}}};
}

}  // namespace aviary::codedeploy
