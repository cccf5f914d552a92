#include <fmt/format.h>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "wire/protocol.hpp"

/// Tags of whatever has some: a parameter, or one of the documents of a collection.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t most_tags = 50;

AwsError invalid_resource_id() {
  return {errors::InvalidResourceId,
          "The resource ID is not valid. Verify that you entered the correct ID and try again."};
}

}  // namespace

Json tag_map(const Json& input) {
  Json map = Json::object();
  if (const Json* tags = find_member(input, "Tags"))
    for (const Json& tag : *tags) map[text_of(tag, "Key")] = text_of(tag, "Value");
  return map;
}

Json tag_rows(const Json& map) {
  Json rows = Json::array();
  for (const auto& [key, value] : map.items()) rows.push_back({{"Key", key}, {"Value", value}});
  return rows;
}

Collection* SsmService::tagged_collection(std::string_view type) {
  if (type == "Document") return &documents_;
  if (type == "PatchBaseline") return &baselines_;
  if (type == "MaintenanceWindow") return &windows_;
  if (type == "Association") return &associations_;
  return nullptr;
}

Result<Json> SsmService::tags_of(const Call& call) {
  const Scope scope = scope_of(call);
  const std::string& type = text_of(call.input, "ResourceType");
  const std::string& id = text_of(call.input, "ResourceId");
  if (type == "Parameter") {
    const Parameter* found = parameters_.find(scope, parse_reference(id, scope));
    if (found == nullptr) return invalid_resource_id();
    return Json(found->tags);
  }
  Collection* collection = tagged_collection(type);
  if (collection == nullptr)
    return AwsError(wire::errors::NotImplemented,
                    fmt::format("Aviary has nothing of type {} that could have tags.", type));
  const Json* found = collection->find(scope, id);
  if (found == nullptr) return invalid_resource_id();
  return found->at("Tags");
}

void SsmService::put_tags(const Call& call, Json tags) {
  const Scope scope = scope_of(call);
  const std::string& id = text_of(call.input, "ResourceId");
  if (Collection* collection = tagged_collection(text_of(call.input, "ResourceType"))) {
    (*collection->find(scope, id))["Tags"] = std::move(tags);
    collection->save(scope, id);
    return;
  }
  Parameter* parameter = parameters_.find(scope, parse_reference(id, scope));
  tags.get_to(parameter->tags);
  parameters_.save(*parameter);
}

Result<Reply> SsmService::add_tags(Call& call) {
  Result<Json> tags = tags_of(call);
  if (!tags) return tags.error();
  tags->update(tag_map(call.input));
  if (tags->size() > most_tags)
    return AwsError(errors::TooManyTagsError, "The Targets parameter includes too many tags.");
  put_tags(call, std::move(*tags));
  return Reply{};
}

Result<Reply> SsmService::remove_tags(Call& call) {
  Result<Json> tags = tags_of(call);
  if (!tags) return tags.error();
  for (const std::string& key : texts_of(call.input, "TagKeys")) tags->erase(key);
  put_tags(call, std::move(*tags));
  return Reply{};
}

Result<Reply> SsmService::list_tags(Call& call) {
  const Result<Json> tags = tags_of(call);
  if (!tags) return tags.error();
  Reply reply;
  reply.output["TagList"] = tag_rows(*tags);
  return reply;
}

}  // namespace aviary::ssm
