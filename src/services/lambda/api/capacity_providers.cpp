#include <fmt/format.h>

#include <charconv>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/render.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"

/// Capacity providers and what functions ask of them. No instance is started here: what is asked of providers
/// is kept, and goes through the states that AWS shows. Environments are this machine's.
namespace aviary::lambda {
namespace {

/// Of an account in a region. Developer guide, "Lambda Managed Instances quotas".
constexpr std::size_t most_capacity_providers = 1000;

Scope capacity_scope(const Call& call) { return {.account = call.account, .region = call.region}; }

std::string capacity_arn(const Scope& scope, std::string_view name) {
  // Callers may give the ARN in place of the name.
  const std::string_view plain =
      name.substr(name.rfind(':') == std::string_view::npos ? 0 : name.rfind(':') + 1);
  return fmt::format("arn:aws:lambda:{}:{}:capacity-provider:{}", scope.region, scope.account, plain);
}

AwsError no_capacity_provider(std::string_view arn) {
  return not_found(fmt::format("Capacity provider not found: {}", arn));
}

/// What was Pending when it was last shown is Active by the next time.
Json render_capacity(const Json& document, std::string_view state = "Active") {
  Json out = document;
  out.erase("Tags");
  out["State"] = state;
  return out;
}

}  // namespace

Result<Reply> LambdaService::create_capacity_provider(Call& call) {
  const Scope scope = capacity_scope(call);
  const std::string arn = capacity_arn(scope, text_of(call.input, "CapacityProviderName"));
  if (capacity_.find(scope, arn)) return conflict("Capacity provider already exists: " + arn);
  if (capacity_.of(scope).size() >= most_capacity_providers)
    return AwsError(
        models::lambda::errors::CapacityProviderLimitExceededException,
        fmt::format("The account has {} capacity providers, which is its limit.", most_capacity_providers));
  Json document{{"CapacityProviderArn", arn}, {"LastModified", lambda_timestamp(call.now)}};
  for (const char* name : {"VpcConfig", "PermissionsConfig", "InstanceRequirements",
                           "CapacityProviderScalingConfig", "KmsKeyArn", "Tags"})
    if (const Json* given = find_member(call.input, name)) document[name] = *given;
  capacity_.put(scope, arn, document);
  return Reply{.output = {{"CapacityProvider", render_capacity(document, "Pending")}}};
}

Result<Reply> LambdaService::get_capacity_provider(Call& call) {
  const Scope scope = capacity_scope(call);
  const std::string arn = capacity_arn(scope, text_of(call.input, "CapacityProviderName"));
  const Json* document = capacity_.find(scope, arn);
  if (!document) return no_capacity_provider(arn);
  return Reply{.output = {{"CapacityProvider", render_capacity(*document)}}};
}

Result<Reply> LambdaService::update_capacity_provider(Call& call) {
  const Scope scope = capacity_scope(call);
  const std::string arn = capacity_arn(scope, text_of(call.input, "CapacityProviderName"));
  const Json* before = capacity_.find(scope, arn);
  if (!before) return no_capacity_provider(arn);
  Json document = *before;
  if (const Json* scaling = find_member(call.input, "CapacityProviderScalingConfig"))
    document["CapacityProviderScalingConfig"] = *scaling;
  document["LastModified"] = lambda_timestamp(call.now);
  capacity_.put(scope, arn, document);
  return Reply{.output = {{"CapacityProvider", render_capacity(document, "Pending")}}};
}

Result<Reply> LambdaService::delete_capacity_provider(Call& call) {
  const Scope scope = capacity_scope(call);
  const std::string arn = capacity_arn(scope, text_of(call.input, "CapacityProviderName"));
  const Json* document = capacity_.find(scope, arn);
  if (!document) return no_capacity_provider(arn);
  for (const auto& [name, function] : store_.functions(scope)) {
    if (names_provider(*function, arn))
      return conflict(fmt::format("The capacity provider {} is in use by the function {}.", arn, name));
  }
  Reply reply{.output = {{"CapacityProvider", render_capacity(*document, "Deleting")}}};
  capacity_.erase(scope, arn);
  return reply;
}

Result<Reply> LambdaService::list_capacity_providers(Call& call) {
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const std::string& state = text_of(call.input, "State");
  const AccountDocuments::Documents& all = capacity_.of(capacity_scope(call));
  Reply reply;
  Json& list = reply.output["CapacityProviders"] = Json::array();
  if (!state.empty() && state != "Active") return reply;
  std::string last;
  auto next = page->after.empty() ? all.begin() : all.upper_bound(page->after);
  for (; next != all.end() && list.size() < page->size; ++next) {
    list.push_back(render_capacity(next->second));
    last = next->first;
  }
  if (next != all.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

Result<Reply> LambdaService::list_function_versions_by_capacity_provider(Call& call) {
  const Scope scope = capacity_scope(call);
  const std::string arn = capacity_arn(scope, text_of(call.input, "CapacityProviderName"));
  if (!capacity_.find(scope, arn)) return no_capacity_provider(arn);
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  Reply reply{.output = {{"CapacityProviderArn", arn}}};
  Json& list = reply.output["FunctionVersions"] = Json::array();
  // The marker names the last version shown: its function, and after a space its key; `$LATEST` comes first
  // and counts as 0.
  const std::size_t space = page->after.find(' ');
  const std::string after_function = page->after.substr(0, space);
  std::uint64_t after = 0;
  if (space != std::string::npos)
    std::from_chars(page->after.data() + space + 1, page->after.data() + page->after.size(), after);
  const FunctionStore::Functions& functions = store_.functions(scope);
  std::string last;
  /// False: there is no room for it on this page.
  const auto add = [&](const std::string& name, std::uint64_t key, const Snapshot& snapshot) {
    if (capacity_provider_of(*snapshot.version->configuration) != arn) return true;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(last);
      return false;
    }
    list.push_back({{"FunctionArn", function_arn(scope, name, snapshot.version->number)},
                    {"State", state_name(snapshot)}});
    last = fmt::format("{} {}", name, key);
    return true;
  };
  for (auto next = functions.lower_bound(after_function); next != functions.end(); ++next) {
    const auto& [name, function] = *next;
    const bool resumed = !page->after.empty() && name == after_function;
    if (!resumed && !add(name, 0, function->latest)) return reply;
    const auto& versions = function->versions;
    for (auto version = versions.upper_bound(resumed ? after : 0); version != versions.end(); ++version)
      if (!add(name, version->first, version->second)) return reply;
  }
  return reply;
}

Result<Reply> LambdaService::put_function_scaling_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  const Snapshot* snapshot = function ? store_.find_version(*function, target->qualifier) : nullptr;
  if (!snapshot) return function_not_found(target->scope, target->name, target->qualifier);
  if (capacity_provider_of(*snapshot->version->configuration).empty())
    return invalid_parameter("Function scaling is for functions with a capacity provider only.");
  if (snapshot->state == State::Pending) return function_pending();
  const Json* config = find_member(call.input, "FunctionScalingConfig");
  if (config) {
    if (const Result<ScalingBounds> bounds = scaling_bounds(*config); !bounds) return bounds.error();
    store_.attach(*function, attachment::scaling, target->qualifier, *config);
  } else {
    store_.detach(*function, attachment::scaling, target->qualifier);
  }
  const bool deactivates = apply_scaling(*function, *snapshot);
  return Reply{.output = {{"FunctionState", deactivates ? "Deactivating" : state_name(*snapshot)}}};
}

/// Tells the runner how many environments a version has. Whether it has none from now on.
bool LambdaService::apply_scaling(Function& function, const Snapshot& snapshot) {
  const VersionHandle version = snapshot.version;
  const Json* config = store_.attached(function, attachment::scaling, version->number);
  const Result<ScalingBounds> bounds = scaling_bounds(config ? *config : Json::object());
  if (!bounds) return false;
  runner_.scale(version, *bounds);
  const bool none = bounds->most == 0;
  return store_.set_deactivated(function, version->number, none) && none;
}

void LambdaService::restore_scaling(const Function& function) {
  const auto scaled = function.attached.find(attachment::scaling);
  if (scaled == function.attached.end()) return;
  for (const auto& [number, config] : scaled->second) {
    const Snapshot* snapshot = store_.find_version(function, number);
    const Result<ScalingBounds> bounds = scaling_bounds(config);
    if (snapshot && bounds) runner_.scale(snapshot->version, *bounds);
  }
}

Result<Reply> LambdaService::get_function_scaling_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const Snapshot* snapshot = function ? store_.find_version(*function, target->qualifier) : nullptr;
  if (!snapshot) return function_not_found(target->scope, target->name, target->qualifier);
  Reply reply{.output = {{"FunctionArn", function_arn(target->scope, target->name, target->qualifier)}}};
  if (const Json* config = store_.attached(*function, attachment::scaling, target->qualifier)) {
    reply.output["AppliedFunctionScalingConfig"] = *config;
    reply.output["RequestedFunctionScalingConfig"] = *config;
  }
  return reply;
}

}  // namespace aviary::lambda
