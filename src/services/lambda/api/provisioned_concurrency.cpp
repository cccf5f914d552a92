#include <algorithm>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/concurrency.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/tenancy.hpp"

/// Provisioned concurrency of versions and aliases. What was asked for is kept with the function; how far it
/// has come is asked of the runner, which has the environments.
namespace aviary::lambda {
namespace {

AwsError no_provisioned_config() {
  return {models::lambda::errors::ProvisionedConcurrencyConfigNotFoundException,
          "No Provisioned Concurrency Config found for this function"};
}

/// `2019-12-31T20:29:00+0000`
std::string whole_seconds(Instant at) { return iso8601(at, 0).substr(0, 19) + "+0000"; }

Json render_provisioned(const Json& config, const Provisioned& progress) {
  const auto requested = config.at("requested").get<std::size_t>();
  Json out{{"RequestedProvisionedConcurrentExecutions", requested},
           {"AvailableProvisionedConcurrentExecutions", std::min(progress.available, requested)},
           {"AllocatedProvisionedConcurrentExecutions", std::min(progress.allocated, requested)},
           {"LastModified", config.at("modified")},
           {"Status", !progress.failure.empty()         ? "FAILED"
                      : progress.available >= requested ? "READY"
                                                        : "IN_PROGRESS"}};
  if (!progress.failure.empty()) out["StatusReason"] = progress.failure;
  return out;
}

}  // namespace

/// The function, if it is there and has this version or alias. Each is missed in words of its own.
Result<Function*> LambdaService::provisionable(const Target& target, bool putting) {
  if (target.qualifier.empty() || target.qualifier == latest_qualifier) {
    return invalid_parameter(putting
                                 ? "Provisioned Concurrency Configs cannot be applied to unpublished "
                                   "function versions."
                                 : "The function resource provided must be an alias or a published version.");
  }
  Function* function = store_.find(target.scope, target.name, moment());
  if (function && store_.revision_of(*function, target.qualifier)) return function;
  if (is_alias_name(target.qualifier))
    return alias_arn_not_found(target.scope, target.name, target.qualifier);
  return function_not_found(target.scope, target.name, target.qualifier);
}

/// Of all versions that the qualifier stands for.
Provisioned LambdaService::provisioning_of(const Function& function, const std::string& qualifier) const {
  std::vector<std::string> versions{qualifier};
  if (const auto alias = function.aliases.find(qualifier); alias != function.aliases.end()) {
    versions = {alias->second.routing.version};
    if (alias->second.routing.splits()) versions.push_back(alias->second.routing.additional_version);
  }
  Provisioned sum;
  for (const std::string& number : versions) {
    const Snapshot* snapshot = store_.find_version(function, number);
    if (!snapshot) continue;
    const Provisioned one = runner_.provisioned(*snapshot->version);
    sum.allocated += one.allocated;
    sum.available += one.available;
    if (!one.failure.empty()) sum.failure = one.failure;
  }
  return sum;
}

/// Tells the runner what has changed: after a configuration, or where an alias points, is another one.
/// `again`: ask anew also for what failed.
void LambdaService::provision(const Function& function, bool again) {
  const bool asked = function.attached.contains(attachment::provisioned_concurrency);
  if (!asked && provisioned_.empty()) return;
  std::map<std::string, std::size_t> wanted = provisioned_by_version(function);
  for (auto told = provisioned_.begin(); told != provisioned_.end();) {
    const Version& version = *told->second.version;
    if (version.scope != function.scope || version.function_name != function.name ||
        wanted.contains(version.number)) {
      ++told;
      continue;
    }
    runner_.provision(told->second.version, 0);
    told = provisioned_.erase(told);
  }
  for (const auto& [number, count] : wanted) {
    const Snapshot* snapshot = store_.find_version(function, number);
    if (!snapshot || number == latest_qualifier) continue;
    ToldToProvision& told = provisioned_[snapshot->version->serial];
    if (told.version && told.count == count && !again) continue;
    told = {.version = snapshot->version, .count = count};
    runner_.provision(snapshot->version, count);
  }
}

Result<Reply> LambdaService::put_provisioned_concurrency_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Function*> found = provisionable(*target, true);
  if (!found) return found.error();
  Function& function = **found;
  if (isolates_tenants(*function.latest.version->configuration))
    return not_with_tenancy("Provisioned Concurrency");
  // An alias may come to point at any version: what counts is what the function asks for, and the version.
  const Snapshot* main = store_.find_qualified(function, target->qualifier);
  if (main && !capacity_provider_of(*main->version->configuration).empty())
    return invalid_parameter(
        "Provisioned Concurrency is not supported for functions with a CapacityProviderConfig.");
  if (main && starts_from_snapshot(*main->version))
    return invalid_parameter("Provisioned Concurrency is not supported for SnapStart enabled functions.");
  const auto wanted = call.input.at("ProvisionedConcurrentExecutions").get<std::int64_t>();
  const Result<> allowed = concurrency_rules().may_provision(function, target->qualifier, wanted);
  if (!allowed) return allowed.error();
  const Json config{{"requested", wanted}, {"modified", whole_seconds(call.now)}};
  store_.attach(function, attachment::provisioned_concurrency, target->qualifier, config);
  Reply reply{.output = render_provisioned(config, provisioning_of(function, target->qualifier))};
  reply.output["Status"] = "IN_PROGRESS";
  reply.output.erase("StatusReason");
  provision(function, true);
  return reply;
}

Result<Reply> LambdaService::get_provisioned_concurrency_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Function*> function = provisionable(*target, false);
  if (!function) return function.error();
  const Json* config = store_.attached(**function, attachment::provisioned_concurrency, target->qualifier);
  if (!config) return no_provisioned_config();
  return Reply{.output = render_provisioned(*config, provisioning_of(**function, target->qualifier))};
}

Result<Reply> LambdaService::delete_provisioned_concurrency_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Function*> function = provisionable(*target, false);
  if (!function) return function.error();
  store_.detach(**function, attachment::provisioned_concurrency, target->qualifier);
  provision(**function, false);
  return Reply{};
}

Result<Reply> LambdaService::list_provisioned_concurrency_configs(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  Reply reply;
  Json& list = reply.output["ProvisionedConcurrencyConfigs"] = Json::array();
  const auto configs = function->attached.find(attachment::provisioned_concurrency);
  if (configs == function->attached.end()) return reply;
  std::string last;
  auto next = page->after.empty() ? configs->second.begin() : configs->second.upper_bound(page->after);
  for (; next != configs->second.end() && list.size() < page->size; ++next) {
    const auto& [qualifier, config] = *next;
    list.push_back(render_provisioned(config, provisioning_of(*function, qualifier)));
    list.back()["FunctionArn"] = function_arn(function->scope, function->name, qualifier);
    last = qualifier;
  }
  if (next != configs->second.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

}  // namespace aviary::lambda
