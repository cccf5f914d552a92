#include <fmt/format.h>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Syncs of inventories. There are no instances, so there is no inventory and nothing is ever synced.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr const char* to_destination = "SyncToDestination";

std::string sync_type(const Json& input) {
  const std::string& type = text_of(input, "SyncType");
  return type.empty() ? to_destination : type;
}

AwsError invalid_sync(std::string text) {
  return {errors::ResourceDataSyncInvalidConfigurationException, std::move(text)};
}

}  // namespace

Result<Json*> SsmService::sync_of(const Call& call) {
  const std::string& name = text_of(call.input, "SyncName");
  Json* found = syncs_.find(scope_of(call), name);
  if (found == nullptr || text_of(*found, "SyncType") != sync_type(call.input)) {
    AwsError error(errors::ResourceDataSyncNotFoundException,
                   fmt::format("A resource data sync with the name {} doesn't exist.", name));
    return error;
  }
  return found;
}

Result<Reply> SsmService::create_resource_data_sync(Call& call) {
  const Scope scope = scope_of(call);
  const std::string& name = text_of(call.input, "SyncName");
  const std::string type = sync_type(call.input);
  const Json* destination = find_member(call.input, "S3Destination");
  const Json* source = find_member(call.input, "SyncSource");
  if (type == to_destination) {
    if (destination == nullptr)
      return invalid_sync("S3Destination is required for a sync of type SyncToDestination.");
    if (source != nullptr) return invalid_sync("SyncSource is not for a sync of type SyncToDestination.");
  } else if (type == "SyncFromSource") {
    if (source == nullptr) return invalid_sync("SyncSource is required for a sync of type SyncFromSource.");
    if (destination != nullptr)
      return invalid_sync("S3Destination is not for a sync of type SyncFromSource.");
  } else {
    return invalid_sync(fmt::format("{} is not a type of sync.", type));
  }
  if (syncs_.find(scope, name) != nullptr)
    return AwsError(errors::ResourceDataSyncAlreadyExistsException,
                    fmt::format("A resource data sync with the name {} already exists.", name));
  Json sync{{"SyncName", name},
            {"SyncType", type},
            {"LastStatus", "InProgress"},
            {"SyncCreatedTime", whole_epoch_seconds(call.now)},
            {"SyncLastModifiedTime", whole_epoch_seconds(call.now)}};
  if (destination != nullptr) sync["S3Destination"] = *destination;
  if (source != nullptr) sync["SyncSource"] = *source;
  syncs_.put(scope, name, std::move(sync));
  return Reply{};
}

Result<Reply> SsmService::update_resource_data_sync(Call& call) {
  const Result<Json*> found = sync_of(call);
  if (!found) return found.error();
  if (text_of(**found, "SyncType") == to_destination)
    return invalid_sync("A sync of type SyncToDestination can't be updated.");
  (**found)["SyncSource"] = call.input.at("SyncSource");
  (**found)["SyncLastModifiedTime"] = whole_epoch_seconds(call.now);
  syncs_.save(scope_of(call), text_of(**found, "SyncName"));
  return Reply{};
}

Result<Reply> SsmService::delete_resource_data_sync(Call& call) {
  const Result<Json*> found = sync_of(call);
  if (!found) return found.error();
  const std::string name = text_of(**found, "SyncName");
  syncs_.erase(scope_of(call), name);
  return Reply{};
}

Result<Reply> SsmService::list_resource_data_sync(Call& call) {
  const std::string& type = text_of(call.input, "SyncType");
  Json rows = Json::array();
  for (const auto& [name, sync] : syncs_.in(scope_of(call)))
    if (type.empty() || text_of(sync, "SyncType") == type) rows.push_back(sync);
  return page_of(call.input, std::move(rows), "ResourceDataSyncItems");
}

}  // namespace aviary::ssm
