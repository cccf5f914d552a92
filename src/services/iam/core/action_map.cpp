#include "services/iam/core/action_map.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace aviary::iam {
namespace {

const ServiceActions* actions_of(const models::Service& service) {
  const auto found = std::ranges::find(service_actions(), service.id, &ServiceActions::service);
  return found == service_actions().end() ? nullptr : &*found;
}

/// The operation's path with the request's labels in it, as API Gateway's resources are named.
std::string path_resource(const models::Operation& operation, const Json& input, const Place& place) {
  std::string_view uri = operation.uri;
  if (uri.starts_with("/v2/")) uri.remove_prefix(3);
  std::string path;
  while (!uri.empty()) {
    const std::size_t open = uri.find('{');
    path += uri.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = uri.find('}', open);
    std::string_view label = uri.substr(open + 1, close - open - 1);
    if (label.ends_with('+')) label.remove_suffix(1);
    uri.remove_prefix(close + 1);
    if (operation.input == nullptr) continue;
    for (const models::Member& member : operation.input->members) {
      const std::string_view name = member.location_name.empty() ? member.name : member.location_name;
      if (member.location != models::Location::Uri || name != label) continue;
      const std::string value = input.value(std::string(member.name), std::string());
      path += value.starts_with("arn:") ? percent_encode(value) : value;
    }
  }
  return fmt::format("arn:aws:apigateway:{}::{}", place.region, path.substr(0, path.find('?')));
}

std::vector<std::string> resources_of(const ServiceActions& actions, const Json& input, const Place& place) {
  for (const std::string_view pattern : actions.resources)
    if (std::vector<std::string> found = fill_template(pattern, input, place); !found.empty()) return found;
  return {"*"};
}

void add_tag(std::string key, const Json& value, ContextKeys& keys) {
  keys["aws:TagKeys"].push_back(key);
  keys["aws:RequestTag/" + key] = {value.is_string() ? value.get<std::string>() : std::string()};
}

void add_tags(const Json& tags, ContextKeys& keys) {
  if (tags.is_object())
    for (const auto& [key, value] : tags.items()) add_tag(key, value, keys);
  if (!tags.is_array()) return;
  for (const Json& tag : tags) {
    if (!tag.is_object()) continue;
    const char* key = tag.contains("Key") ? "Key" : "key";
    const char* value = tag.contains("Key") ? "Value" : "value";
    if (tag.contains(key) && tag[key].is_string())
      add_tag(tag[key].get<std::string>(), tag.value(value, Json()), keys);
  }
}

}  // namespace

std::vector<Demand> demands_of(const models::Service& service, const models::Operation& operation,
                               const Json& input, const Place& place) {
  const ServiceActions* actions = actions_of(service);
  if (actions == nullptr) return {{fmt::format("{}:{}", service.signing_name, operation.name), "*"}};
  if (actions->by_path)
    return {{fmt::format("apigateway:{}", operation.method), path_resource(operation, input, place)}};
  std::vector<Demand> demands;
  const ActionRow* main = nullptr;
  std::vector<const ActionRow*> besides;
  for (const ActionRow& row : actions->rows) {
    if (row.operation != operation.name) continue;
    if (!row.when.empty() && !input.contains(std::string(row.when))) continue;
    if (row.action.find(':') != std::string_view::npos) {
      besides.push_back(&row);
    } else if (main == nullptr) {
      main = &row;
    }
  }
  if (main == nullptr || main->action != "-") {
    const std::string_view named = main == nullptr || main->action.empty() ? operation.name : main->action;
    std::vector<std::string> resources;
    if (main != nullptr && !main->resource.empty()) resources = fill_template(main->resource, input, place);
    if (resources.empty()) resources = resources_of(*actions, input, place);
    for (std::string& resource : resources)
      demands.push_back({fmt::format("{}:{}", actions->prefix, named), std::move(resource)});
  }
  for (const ActionRow* row : besides) {
    const bool pass = row->action == "iam:PassRole";
    std::vector<std::string> resources = row->resource.empty() ? resources_of(*actions, input, place)
                                                               : fill_template(row->resource, input, place);
    for (std::string& resource : resources)
      demands.push_back({std::string(row->action), std::move(resource),
                         pass ? fmt::format("{}.amazonaws.com", service.id) : std::string()});
  }
  return demands;
}

void add_request_keys(const models::Service& service, const Json& input, const Place& place,
                      ContextKeys& keys) {
  if (const ServiceActions* actions = actions_of(service))
    for (const KeyRow& row : actions->keys)
      if (std::vector<std::string> values = fill_template(row.value, input, place); !values.empty())
        keys[std::string(row.key)] = std::move(values);
  for (const char* member : {"Tags", "tags"})
    if (input.contains(member)) add_tags(input[member], keys);
  for (const char* member : {"TagKeys", "tagKeys"})
    if (input.contains(member))
      if (std::vector<std::string> named = fill_template(fmt::format("{{{}}}", member), input, place);
          !named.empty())
        keys["aws:TagKeys"] = std::move(named);
}

std::string spelled_resource(const std::string& action, const std::string& resource) {
  if (action.starts_with("s3:")) return fmt::format("\"{}\"", resource);
  if (!action.starts_with("iam:") || action == "iam:PassRole" || action.starts_with("iam:Create") ||
      resource.ends_with('/'))
    return resource;
  for (const std::string_view kind : {"role", "user", "group"})
    if (resource.find(fmt::format(":{}/", kind)) != std::string::npos)
      return fmt::format("{} {}", kind, resource.substr(resource.rfind('/') + 1));
  return resource.find(":policy/") != std::string::npos ? "policy " + resource : resource;
}

std::string spelled_action(const std::string& action) {
  std::string said = action;
  if (said.starts_with("sqs:")) std::ranges::transform(said, said.begin(), small_letter);
  if (said.starts_with("sns:")) said.replace(0, 3, "SNS");
  return said;
}

}  // namespace aviary::iam
