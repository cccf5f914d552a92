#include <fmt/format.h>

#include <algorithm>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"

/// Code-signing configurations, and the functions that one holds to.
namespace aviary::lambda {
namespace {

Scope caller_of(const Call& call) { return {.account = call.account, .region = call.region}; }

/// Without a Type (recorded: test_code_signing_not_found_excs).
AwsError no_signing_config(std::string_view arn) {
  AwsError error = not_found(fmt::format("The Lambda code signing configuration {} can not be found.", arn));
  error.omit_type = true;
  return error;
}

AwsError no_signing_config_to_use(std::string_view arn) {
  return {
      models::lambda::errors::CodeSigningConfigNotFoundException,
      fmt::format("The code signing configuration cannot be found. Check that the provided configuration is "
                  "not deleted: {}.",
                  arn)};
}

Json render_signing(const Json& document) {
  Json out = document;
  out.erase("Tags");
  return out;
}

}  // namespace

Result<Reply> LambdaService::create_code_signing_config(Call& call) {
  const Scope scope = caller_of(call);
  const std::string id = "csc-" + ids_.hex(17);
  const std::string arn =
      fmt::format("arn:aws:lambda:{}:{}:code-signing-config:{}", scope.region, scope.account, id);
  Json document{{"CodeSigningConfigId", id},
                {"CodeSigningConfigArn", arn},
                {"Description", text_of(call.input, "Description")},
                {"AllowedPublishers", call.input.at("AllowedPublishers")},
                {"CodeSigningPolicies", {{"UntrustedArtifactOnDeployment", "Warn"}}},
                {"LastModified", lambda_timestamp(call.now)}};
  if (const Json* policies = find_member(call.input, "CodeSigningPolicies"))
    document["CodeSigningPolicies"].update(*policies);
  if (const Json* tags = find_member(call.input, "Tags")) document["Tags"] = *tags;
  code_signing_.put(scope, arn, document);
  return Reply{.output = {{"CodeSigningConfig", render_signing(document)}}};
}

Result<Reply> LambdaService::get_code_signing_config(Call& call) {
  const std::string& arn = text_of(call.input, "CodeSigningConfigArn");
  const Json* document = code_signing_.find(caller_of(call), arn);
  if (!document) return no_signing_config(arn);
  return Reply{.output = {{"CodeSigningConfig", render_signing(*document)}}};
}

Result<Reply> LambdaService::update_code_signing_config(Call& call) {
  const std::string& arn = text_of(call.input, "CodeSigningConfigArn");
  const Json* before = code_signing_.find(caller_of(call), arn);
  if (!before) return no_signing_config(arn);
  Json document = *before;
  for (const char* name : {"Description", "AllowedPublishers"})
    if (const Json* given = find_member(call.input, name)) document[name] = *given;
  if (const Json* policies = find_member(call.input, "CodeSigningPolicies"))
    document["CodeSigningPolicies"].update(*policies);
  document["LastModified"] = lambda_timestamp(call.now);
  code_signing_.put(caller_of(call), arn, document);
  return Reply{.output = {{"CodeSigningConfig", render_signing(document)}}};
}

Result<Reply> LambdaService::delete_code_signing_config(Call& call) {
  const Scope scope = caller_of(call);
  const std::string& arn = text_of(call.input, "CodeSigningConfigArn");
  if (!code_signing_.find(scope, arn)) return no_signing_config(arn);
  for (const auto& [name, function] : store_.functions(scope)) {
    const Json* used = store_.attached(*function, attachment::code_signing, "");
    if (used && *used == arn)
      return conflict(
          fmt::format("The code signing configuration {} is in use by the function {}.", arn, name));
  }
  code_signing_.erase(scope, arn);
  return Reply{};
}

Result<Reply> LambdaService::list_code_signing_configs(Call& call) {
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const AccountDocuments::Documents& all = code_signing_.of(caller_of(call));
  Reply reply;
  Json& list = reply.output["CodeSigningConfigs"] = Json::array();
  std::string last;
  auto next = page->after.empty() ? all.begin() : all.upper_bound(page->after);
  for (; next != all.end() && list.size() < page->size; ++next) {
    list.push_back(render_signing(next->second));
    last = next->first;
  }
  if (next != all.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

Result<Reply> LambdaService::list_functions_by_code_signing_config(Call& call) {
  const Scope scope = caller_of(call);
  const std::string& arn = text_of(call.input, "CodeSigningConfigArn");
  if (!code_signing_.find(scope, arn)) return no_signing_config(arn);
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const FunctionStore::Functions& functions = store_.functions(scope);
  Reply reply;
  Json& list = reply.output["FunctionArns"] = Json::array();
  std::string last;
  auto next = page->after.empty() ? functions.begin() : functions.upper_bound(page->after);
  for (; next != functions.end(); ++next) {
    const Json* used = store_.attached(*next->second, attachment::code_signing, "");
    if (!used || *used != arn) continue;
    if (list.size() == page->size) {
      reply.output["NextMarker"] = marker_after(last);
      break;
    }
    list.push_back(function_arn(scope, next->first));
    last = next->first;
  }
  return reply;
}

Result<Reply> LambdaService::put_function_code_signing_config(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const std::string& arn = text_of(call.input, "CodeSigningConfigArn");
  // A missing configuration wins over a missing function (recorded: test_code_signing_not_found_excs).
  if (!code_signing_.find(target->scope, arn)) return no_signing_config_to_use(arn);
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  store_.attach(*function, attachment::code_signing, "", arn);
  return Reply{.output = {{"CodeSigningConfigArn", arn}, {"FunctionName", target->name}}};
}

Result<Reply> LambdaService::get_function_code_signing_config(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const Json* arn = store_.attached(*function, attachment::code_signing, "");
  if (!arn) return Reply{};
  return Reply{.output = {{"CodeSigningConfigArn", *arn}, {"FunctionName", target->name}}};
}

Result<Reply> LambdaService::delete_function_code_signing_config(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  store_.detach(*function, attachment::code_signing, "");
  return Reply{};
}

std::string LambdaService::signing_of(const Function& function) const {
  const Json* arn = store_.attached(function, attachment::code_signing, "");
  return arn ? arn->get<std::string>() : std::string();
}

/// Developer guide, "Using code signing to verify code integrity": any layers that are added have to be
/// signed as well.
Result<> LambdaService::check_layer_signatures(const Scope& caller, std::string_view config_arn,
                                               const std::vector<std::string>& layers,
                                               const std::vector<std::string>& before) const {
  if (config_arn.empty()) return {};
  for (const std::string& arn : layers) {
    if (std::ranges::find(before, arn) != before.end()) continue;
    const LayerReference layer = parse_layer_reference(arn, caller);
    const PublishedLayer* found = layers_.find(layer.home, layer.name, layer.number);
    const bool is_signed = found && found->version->is_signed;
    if (const Result<> let_in = check_signature(caller, config_arn, is_signed); !let_in) return let_in;
  }
  return {};
}

/// Whether code that is about to be deployed is held back: it carries no signature, and the configuration
/// enforces one. Who signed cannot be verified without AWS Signer; that is what a signature's presence stands
/// for.
Result<> LambdaService::check_signature(const Scope& scope, std::string_view config_arn,
                                        bool is_signed) const {
  if (config_arn.empty()) return {};
  const Json* config = code_signing_.find(scope, config_arn);
  if (!config) return no_signing_config_to_use(config_arn);
  const bool enforced =
      config->at("CodeSigningPolicies").value("UntrustedArtifactOnDeployment", "Warn") == "Enforce";
  if (is_signed || !enforced) return {};
  // In the words of the service's model.
  return AwsError(models::lambda::errors::CodeVerificationFailedException,
                  "The code signature failed one or more of the validation checks for signature mismatch or "
                  "expiry, and the code signing policy is set to ENFORCE. Lambda blocks the deployment.");
}

}  // namespace aviary::lambda
