#include <fmt/format.h>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"

/// Capacity providers and what functions ask of them. No instance is started here: what is asked for is kept,
/// and goes through the states that AWS shows.
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

/// The capacity provider that a version's configuration names; empty if none.
std::string capacity_of(const Version& version) {
  const Json& recorded = version.configuration->recorded;
  const auto config = recorded.find("CapacityProviderConfig");
  if (config == recorded.end() || !config->is_object()) return {};
  const auto managed = config->find("LambdaManagedInstancesCapacityProviderConfig");
  return managed == config->end() ? std::string() : managed->value("CapacityProviderArn", "");
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
    if (capacity_of(*function->latest.version) == arn)
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
  const FunctionStore::Functions& functions = store_.functions(scope);
  std::string last;
  // A page ends between functions, never inside the versions of one.
  auto next = page->after.empty() ? functions.begin() : functions.upper_bound(page->after);
  for (; next != functions.end(); ++next) {
    if (list.size() >= page->size) {
      reply.output["NextMarker"] = marker_after(last);
      break;
    }
    const auto add = [&](const Snapshot& snapshot) {
      if (capacity_of(*snapshot.version) != arn) return;
      list.push_back({{"FunctionArn", function_arn(scope, next->first, snapshot.version->number)},
                      {"State", snapshot.state == State::Pending ? "Pending" : "Active"}});
    };
    add(next->second->latest);
    for (const auto& [number, snapshot] : next->second->versions) add(snapshot);
    last = next->first;
  }
  return reply;
}

Result<Reply> LambdaService::put_function_scaling_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  const Snapshot* snapshot = function ? store_.find_version(*function, target->qualifier) : nullptr;
  if (!snapshot) return function_not_found(target->scope, target->name, target->qualifier);
  if (capacity_of(*snapshot->version).empty())
    return invalid_parameter("Function scaling is for functions with a capacity provider only.");
  const Json* config = find_member(call.input, "FunctionScalingConfig");
  if (config) {
    const Json* least = find_member(*config, "MinExecutionEnvironments");
    const Json* most = find_member(*config, "MaxExecutionEnvironments");
    if (least && most && *least > *most)
      return invalid_parameter("MinExecutionEnvironments must not be greater than MaxExecutionEnvironments.");
    store_.attach(*function, attachment::scaling, target->qualifier, *config);
  } else {
    store_.detach(*function, attachment::scaling, target->qualifier);
  }
  return Reply{.output = {{"FunctionState", snapshot->state == State::Pending ? "Pending" : "Active"}}};
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
