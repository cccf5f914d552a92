#include <fmt/format.h>

#include "models/cloudwatch.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"

namespace aviary::cloudwatch {
namespace {

/// What a ResourceARN names: an alarm of some scope, or a dashboard of some account.
struct Resource {
  Scope scope;
  std::string alarm;
  std::string dashboard;
};

std::optional<Resource> resource_of(const std::string& arn) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    const std::size_t colon = arn.find(':', at);
    if (colon == std::string::npos) return std::nullopt;
    parts.push_back(arn.substr(at, colon - at));
    at = colon + 1;
  }
  const std::string rest = arn.substr(at);
  if (parts[0] != "arn" || parts[2] != "cloudwatch") return std::nullopt;
  Resource resource{.scope = {.account = parts[4], .region = parts[3]}, .alarm = {}, .dashboard = {}};
  if (rest.starts_with("alarm:"))
    resource.alarm = rest.substr(6);
  else if (rest.starts_with("dashboard/"))
    resource.dashboard = rest.substr(10);
  else
    return std::nullopt;
  return resource;
}

AwsError not_found(const std::string& arn) {
  AwsError error(models::cloudwatch::errors::ResourceNotFoundException, "Unknown");
  error.members = {{"ResourceType", "resource"}, {"ResourceId", arn}};
  return error;
}

AwsError invalid_arn(const std::string& arn) {
  return invalid_value(fmt::format("The value {} for parameter ResourceARN is invalid.", arn));
}

}  // namespace

Result<Reply> CloudWatchService::tag_resource(Call& call) {
  const std::string& arn = text_of(call.input, "ResourceARN");
  const std::optional<Resource> resource = resource_of(arn);
  if (!resource) return invalid_arn(arn);
  std::map<std::string, std::string> tags;
  for (const Json& tag : call.input.at("Tags")) tags[text_of(tag, "Key")] = text_of(tag, "Value");
  if (!resource->alarm.empty()) {
    if (!alarms_.tag(resource->scope, resource->alarm, tags)) return not_found(arn);
    return Reply{};
  }
  const Dashboard* found = dashboards_.find(resource->scope.account, resource->dashboard);
  if (!found) return not_found(arn);
  Dashboard dashboard = *found;
  for (const auto& [key, value] : tags) dashboard.tags[key] = value;
  dashboards_.put(resource->scope.account, std::move(dashboard));
  return Reply{};
}

Result<Reply> CloudWatchService::untag_resource(Call& call) {
  const std::string& arn = text_of(call.input, "ResourceARN");
  const std::optional<Resource> resource = resource_of(arn);
  if (!resource) return invalid_arn(arn);
  const std::vector<std::string> keys = texts_of(call.input, "TagKeys");
  if (!resource->alarm.empty()) {
    if (!alarms_.untag(resource->scope, resource->alarm, keys)) return not_found(arn);
    return Reply{};
  }
  const Dashboard* found = dashboards_.find(resource->scope.account, resource->dashboard);
  if (!found) return not_found(arn);
  Dashboard dashboard = *found;
  for (const std::string& key : keys) dashboard.tags.erase(key);
  dashboards_.put(resource->scope.account, std::move(dashboard));
  return Reply{};
}

Result<Reply> CloudWatchService::list_tags_for_resource(Call& call) {
  const std::string& arn = text_of(call.input, "ResourceARN");
  const std::optional<Resource> resource = resource_of(arn);
  if (!resource) return invalid_arn(arn);
  const std::map<std::string, std::string>* tags = nullptr;
  if (const Alarm* alarm = alarms_.find(resource->scope, resource->alarm)) tags = &alarm->tags;
  if (const Dashboard* dashboard = dashboards_.find(resource->scope.account, resource->dashboard))
    tags = &dashboard->tags;
  if (!tags) return not_found(arn);
  Reply reply;
  Json& list = reply.output["Tags"] = Json::array();
  for (const auto& [key, value] : *tags) list.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

}  // namespace aviary::cloudwatch
