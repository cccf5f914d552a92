#include <fmt/format.h>

#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {

/// All refusals of a split, in the order that AWS finds them (recorded:
/// test_notfound_and_invalid_routingconfigs).
Result<Routing> FunctionStore::checked_routing(const Function& function, std::string version,
                                               const std::optional<AdditionalVersion>& additional) const {
  if (!find_version(function, version)) return function_not_found(function.scope, function.name, version);
  Routing routing{.version = std::move(version), .additional_version = {}, .additional_weight = 0};
  if (!additional) return routing;
  if (additional->version == routing.version) {
    return invalid_parameter(fmt::format(
        "Invalid function version {0}. Function version {0} is already included in routing configuration.",
        routing.version));
  }
  if (routing.version == latest_qualifier) {
    AwsError error =
        invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version");
    error.omit_type = true;
    return error;
  }
  if (!find_version(function, additional->version)) {
    return function_not_found(function.scope, function.name, additional->version);
  }
  routing.additional_version = additional->version;
  routing.additional_weight = additional->weight;
  return routing;
}

Result<const Alias*> FunctionStore::create_alias(Function& function, std::string name,
                                                 const AliasChange& change, const Moment& at) {
  if (!find_version(function, *change.version)) {
    return function_not_found(function.scope, function.name, *change.version);
  }
  if (function.aliases.contains(name)) {
    return conflict("Alias already exists: " + function_arn(function.scope, function.name, name));
  }
  Result<Routing> routing = checked_routing(function, *change.version, change.additional);
  if (!routing) return routing.error();
  Alias& alias = function.aliases[name];
  alias.name = std::move(name);
  alias.description = change.description.value_or("");
  alias.revision_id = at.ids.uuid();
  alias.routing = std::move(*routing);
  renew_source(function, alias);
  save(function, alias);
  return &alias;
}

Result<const Alias*> FunctionStore::update_alias(Function& function, std::string_view name,
                                                 const AliasChange& change, const Moment& at) {
  const auto found = function.aliases.find(name);
  if (found == function.aliases.end()) {
    // Not GetAlias's wording (recorded: test_non_existent_alias_update).
    return not_found("Alias not found: " + function_arn(function.scope, function.name, name));
  }
  Alias& alias = found->second;
  if (!change.revision_id.empty() && change.revision_id != alias.revision_id) return revision_mismatch();

  Routing wanted = alias.routing;
  if (change.version || change.has_routing) {
    std::optional<AdditionalVersion> additional = change.additional;
    if (!change.has_routing && options_.keep_omitted_routing && alias.routing.splits()) {
      additional = AdditionalVersion{alias.routing.additional_version, alias.routing.additional_weight};
    }
    Result<Routing> routing =
        checked_routing(function, change.version.value_or(alias.routing.version), additional);
    if (!routing) return routing.error();
    wanted = std::move(*routing);
  }
  if (wanted != alias.routing) {
    alias.routing = std::move(wanted);
    alias.router_state = {};
  }
  if (change.description) alias.description = *change.description;
  // Every update gives a new RevisionId, even one that changes nothing (recorded: test_alias_lifecycle).
  alias.revision_id = at.ids.uuid();
  renew_source(function, alias);
  save(function, alias);
  return &alias;
}

void FunctionStore::erase_alias(Function& function, std::string_view name) {
  const auto found = function.aliases.find(name);
  if (found == function.aliases.end()) return;
  const std::string key =
      fmt::format("{}/{}/{}/{}", function.scope.account, function.scope.region, function.name, name);
  if (const auto policy = function.policies.find(name); policy != function.policies.end()) {
    function.policies.erase(policy);
    policy_records_.erase(key);
  }
  detach_all(function, name);
  function.aliases.erase(found);
  alias_records_.erase(key);
}

bool FunctionStore::set_router(Function& function, std::string_view alias,
                               std::optional<RouterSettings> settings) {
  const auto found = function.aliases.find(alias);
  if (found == function.aliases.end()) return false;
  found->second.router = std::move(settings);
  found->second.router_state = {};
  renew_source(function, found->second);
  save(function, found->second);
  return true;
}

const RouterSettings& FunctionStore::router_of(const Alias& alias) const {
  return alias.router ? *alias.router : options_.router;
}

void FunctionStore::renew_source(const Function& function, Alias& alias) const {
  alias.source = std::make_shared<const RouteSource>(
      RouteSource{.alias_arn = function_arn(function.scope, function.name, alias.name),
                  .revision_id = alias.revision_id,
                  .routing = alias.routing,
                  .mode = router_of(alias).mode});
}

}  // namespace aviary::lambda
