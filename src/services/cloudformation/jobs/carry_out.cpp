#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/custom_resource.hpp"
#include "services/cloudformation/core/dynamic_references.hpp"
#include "services/cloudformation/core/taken_names.hpp"
#include "services/cloudformation/core/template_text.hpp"
#include "services/cloudformation/jobs/run.hpp"

/// What is done for one resource, whatever its kind: a table's steps, a function's work, a stack of its own.
namespace aviary::cloudformation {
namespace {

constexpr std::string_view embedded_stack = "AWS::CloudFormation::Stack";
constexpr std::string_view wait_handle = "AWS::CloudFormation::WaitConditionHandle";
constexpr std::string_view wait_condition = "AWS::CloudFormation::WaitCondition";

/// The only places of resources that there are here in which CloudFormation takes secure strings.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm-secure-strings.html
bool takes_secure_strings(std::string_view type, std::string_view place) {
  return type == "AWS::IAM::User" && place == "LoginProfile/Password";
}

}  // namespace

bool Deployer::is_known_type(std::string_view type) {
  return type == embedded_stack || type == wait_handle || type == wait_condition || is_custom_type(type) ||
         find_resource_type(type) != nullptr;
}

bool Deployer::is_nested_stack(std::string_view type) { return type == embedded_stack; }

bool Deployer::needs_replacement(std::string_view type_name, const Json& before, const Json& after) {
  if (type_name == wait_handle || type_name == wait_condition) return true;
  const ResourceType* type = find_resource_type(type_name);
  if (type == nullptr) return false;  // of these it is seen when it is done
  if (type->update == nullptr) return true;
  const auto replaces = [&](const auto& properties) {
    for (const auto& [name, value] : properties.items())
      if (differs(before, after, name.c_str()) && needs_another(*type, name, after)) return true;
    return false;
  };
  return replaces(before) || replaces(after);
}

Task<Result<Json>> Deployer::with_looked_up(Context context, std::string type, Json properties) {
  const Result<std::vector<DynamicReference>> references = dynamic_references(properties);
  if (!references) co_return references.error();
  std::map<std::string, std::string> values;
  for (const DynamicReference& reference : *references) {
    if (values.contains(reference.text)) continue;
    const bool is_secret = reference.from == DynamicReference::From::SecretsManager;
    const bool is_secure = reference.from == DynamicReference::From::SsmSecure;
    if (is_secure && !takes_secure_strings(type, reference.place))
      co_return validation_error(
          fmt::format("SSM Secure reference is not supported in: [{}/Properties/{}]", type, reference.place));
    Cloud::Ask ask{context.account, context.region, is_secret ? "secretsmanager" : "ssm",
                   is_secret ? "GetSecretValue" : "GetParameter", Json::object()};
    if (is_secret) {
      ask.input["SecretId"] = reference.name;
      if (!reference.stage.empty()) ask.input["VersionStage"] = reference.stage;
      if (!reference.version.empty()) ask.input["VersionId"] = reference.version;
    } else {
      ask.input["Name"] =
          reference.version.empty() ? reference.name : reference.name + ':' + reference.version;
      ask.input["WithDecryption"] = is_secure;
    }
    Result<Json> answer = co_await cloud_.call(std::move(ask));
    if (!answer && is_secret) co_return answer.error();
    if (!answer)
      co_return validation_error(fmt::format("Parameters: [{}:{}{}{}] cannot be found.",
                                             is_secure ? "ssm-secure" : "ssm", reference.name,
                                             reference.version.empty() ? "" : ":", reference.version));
    if (is_secret) {
      Result<std::string> value = value_of_secret(reference, *answer);
      if (!value) co_return value.error();
      values[reference.text] = std::move(*value);
      continue;
    }
    const Json parameter = answer->value("Parameter", Json::object());
    if (!is_secure && property_text(parameter, "Type") == "SecureString")
      co_return validation_error(
          fmt::format("Non-secure ssm prefix was used for secure parameter: [{}]", reference.name));
    values[reference.text] = property_text(parameter, "Value");
  }
  if (values.empty()) co_return properties;
  co_return with_dynamic_values(properties, values);
}

/// What else has the name that the template gives, in the words of CloudFormation.
Task<std::optional<std::string>> Deployer::look_for_namesake(Context context, std::string type,
                                                             Json properties) {
  const std::optional<NameCheck> check = name_check(context, type, properties);
  if (!check) co_return std::nullopt;
  Cloud::Ask ask{context.account, context.region, check->step.service, check->step.operation,
                 check->step.input};
  const Result<Json> answer = co_await cloud_.call(std::move(ask));
  const bool taken = answer && (check->list == nullptr || !answer->value(check->list, Json::array()).empty());
  if (!taken) co_return std::nullopt;
  co_return fmt::format("Resource of type '{}' with identifier '{}' already exists.", type, check->name);
}

Task<Deployer::Outcome> Deployer::carry_out_creation(Context context, std::string type_name,
                                                     Json properties) {
  Outcome outcome;
  Result<Json> looked_up = co_await with_looked_up(context, type_name, std::move(properties));
  if (!looked_up) {
    outcome.problem = looked_up.error().message;
    co_return outcome;
  }
  properties = std::move(*looked_up);
  Existing nothing;
  if (type_name == embedded_stack) co_return co_await create_nested(context, std::move(properties));
  if (is_custom_type(type_name))
    co_return co_await ask_function("Create", context, type_name, std::move(nothing), std::move(properties));
  if (type_name == wait_handle) {
    outcome.exists = true;
    outcome.made.physical_id = responses_.open();
    co_return outcome;
  }
  if (type_name == wait_condition) co_return co_await await_signals(context, std::move(properties));
  const ResourceType* type = find_resource_type(type_name);
  if (type == nullptr) {
    // Recorded: it has a name and nothing else.
    outcome.exists = true;
    outcome.made.physical_id = context.name(Json::object(), "Name");
    co_return outcome;
  }
  outcome.problem = co_await look_for_namesake(context, type_name, properties);
  if (outcome.problem) co_return outcome;
  Steps steps;
  outcome.problem = attempted([&] { steps = type->create(context, properties); });
  if (outcome.problem) co_return outcome;
  const bool has_steps = !steps.empty();
  Performed performed = co_await perform(context, std::move(steps));
  outcome.problem = std::move(performed.problem);
  if (!has_steps || !performed.outputs.empty()) {
    // Something is there: also when a later step failed, so that it can be taken away again.
    const std::optional<std::string> unreadable =
        attempted([&] { outcome.made = type->made(context, properties, performed.outputs); });
    if (!outcome.problem) outcome.problem = unreadable;
    outcome.exists = !outcome.made.physical_id.empty();
  }
  co_return outcome;
}

Task<Deployer::Outcome> Deployer::carry_out_update(std::shared_ptr<Run> run, Context context,
                                                   std::string type_name, Existing existing, Json wanted) {
  Outcome outcome;
  outcome.exists = true;
  outcome.made = {existing.physical_id, existing.attributes};
  Result<Json> looked_up = co_await with_looked_up(context, type_name, std::move(wanted));
  if (!looked_up) {
    outcome.problem = looked_up.error().message;
    co_return outcome;
  }
  wanted = std::move(*looked_up);
  if (type_name == embedded_stack)
    co_return co_await update_nested(std::move(run), context, std::move(existing), std::move(wanted));
  // What was may be looked up no more; then it counts as changed.
  Json before = existing.properties;
  Result<Json> old = co_await with_looked_up(context, type_name, std::move(before));
  if (old) existing.properties = std::move(*old);
  if (is_custom_type(type_name))
    co_return co_await ask_function("Update", context, type_name, std::move(existing), std::move(wanted));
  const ResourceType* type = find_resource_type(type_name);
  if (type == nullptr) co_return outcome;
  Steps steps;
  outcome.problem = attempted([&] { steps = type->update(context, existing, wanted); });
  if (outcome.problem) co_return outcome;
  Performed performed = co_await perform(context, std::move(steps));
  outcome.problem = std::move(performed.problem);
  if (!outcome.problem && type->attributes != nullptr)
    outcome.problem =
        attempted([&] { outcome.made.attributes = type->attributes(context, existing, wanted); });
  co_return outcome;
}

Task<std::optional<std::string>> Deployer::carry_out_removal(Context context, std::string type_name,
                                                             Existing existing) {
  if (type_name == embedded_stack) co_return co_await remove_nested(existing.physical_id);
  if (type_name == wait_handle) responses_.close(existing.physical_id);
  Json before = existing.properties;
  Result<Json> looked_up = co_await with_looked_up(context, type_name, std::move(before));
  if (looked_up) existing.properties = std::move(*looked_up);
  if (is_custom_type(type_name)) {
    Json properties = existing.properties;
    Outcome outcome =
        co_await ask_function("Delete", context, type_name, std::move(existing), std::move(properties));
    co_return std::move(outcome.problem);
  }
  const ResourceType* type = find_resource_type(type_name);
  if (type == nullptr) co_return std::nullopt;
  Steps steps;
  if (std::optional<std::string> problem = attempted([&] { steps = type->remove(context, existing); }))
    co_return problem;
  Performed performed = co_await perform(context, std::move(steps));
  co_return std::move(performed.problem);
}

}  // namespace aviary::cloudformation
