#include <fmt/format.h>

#include "base/encoding.hpp"
#include "services/cloudformation/core/inline_code.hpp"
#include "services/cloudformation/core/lambda_steps.hpp"
#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Lambda::Function, Version and Alias
namespace aviary::cloudformation {
namespace {

/// A function takes no further change before the last one is through.
Step until_settled(const std::string& function) {
  Step step = lambda_call("GetFunctionConfiguration", {{"FunctionName", function}});
  step.until = [](const Json& output, std::string& reason) {
    const std::string state = output.value("State", "Active");
    const std::string update = output.value("LastUpdateStatus", "Successful");
    if (state == "Failed" || update == "Failed") {
      reason =
          output.value(state == "Failed" ? "StateReason" : "LastUpdateStatusReason", "The function failed");
      return Progress::Failed;
    }
    return state == "Pending" || update == "InProgress" ? Progress::Waiting : Progress::Done;
  };
  return step;
}

Json code_of(const Json& properties) {
  const Json code = properties.value("Code", Json::object());
  Json out = Json::object();
  copy_properties(code, out, {"S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"});
  if (const std::string source = property_text(code, "ZipFile"); !source.empty()) {
    std::string package = inline_package(property_text(properties, "Runtime"), source);
    if (!package.empty()) out["ZipFile"] = std::move(package);
  }
  return out;
}

/// Members that CreateFunction and UpdateFunctionConfiguration both have.
constexpr std::initializer_list<const char*> configuration_members = {"Description",
                                                                      "Handler",
                                                                      "MemorySize",
                                                                      "Timeout",
                                                                      "Role",
                                                                      "Runtime",
                                                                      "VpcConfig",
                                                                      "Environment",
                                                                      "KMSKeyArn",
                                                                      "TracingConfig",
                                                                      "Layers",
                                                                      "ImageConfig",
                                                                      "SnapStart",
                                                                      "LoggingConfig",
                                                                      "EphemeralStorage",
                                                                      "FileSystemConfigs",
                                                                      "CapacityProviderConfig",
                                                                      "DeadLetterConfig"};

Json configuration_of(const Json& properties, const std::string& name) {
  Json input{{"FunctionName", name}};
  copy_properties(properties, input, configuration_members);
  if (properties.contains("KmsKeyArn")) input["KMSKeyArn"] = properties["KmsKeyArn"];
  return input;
}

/// What is only reached by operations of its own.
void append_function_extras(const Json* before, const Json& wanted, const std::string& name, Steps& steps) {
  static const Json none = Json::object();
  const Json& old = before != nullptr ? *before : none;
  if (differs(old, wanted, "ReservedConcurrentExecutions")) {
    if (wanted.contains("ReservedConcurrentExecutions")) {
      steps.push_back(lambda_call("PutFunctionConcurrency", {{"FunctionName", name},
                                                             {"ReservedConcurrentExecutions",
                                                              wanted["ReservedConcurrentExecutions"]}}));
    } else {
      steps.push_back(lambda_call("DeleteFunctionConcurrency", {{"FunctionName", name}}));
    }
  }
  if (wanted.contains("RecursiveLoop") && differs(old, wanted, "RecursiveLoop"))
    steps.push_back(lambda_call("PutFunctionRecursionConfig",
                                {{"FunctionName", name}, {"RecursiveLoop", wanted["RecursiveLoop"]}}));
  if (wanted.contains("RuntimeManagementConfig") && differs(old, wanted, "RuntimeManagementConfig")) {
    Json input = wanted["RuntimeManagementConfig"];
    input["FunctionName"] = name;
    steps.push_back(lambda_call("PutRuntimeManagementConfig", std::move(input)));
  }
  if (differs(old, wanted, "FunctionScalingConfig")) {
    Json input{{"FunctionName", name}, {"Qualifier", "$LATEST.PUBLISHED"}};
    copy_properties(wanted, input, {"FunctionScalingConfig"});
    steps.push_back(lambda_call("PutFunctionScalingConfig", std::move(input)));
  }
}

/// Unless the template says otherwise, what runs on a capacity provider is published with each change:
/// developer guide, "$LATEST.PUBLISHED version in Lambda Managed Instances".
void append_unnumbered_version(const Json& properties, const std::string& name, Steps& steps) {
  const auto provider = properties.find("CapacityProviderConfig");
  if (provider == properties.end() || provider->is_null()) return;
  const Json wanted = properties.value("PublishToLatestPublished", Json(true));
  if (wanted == Json(false) || wanted == Json("false")) return;
  steps.push_back(lambda_call("PublishVersion", {{"FunctionName", name}, {"PublishTo", "LATEST_PUBLISHED"}}));
}

Steps create_function(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "FunctionName");
  // Everything is passed on, so that what Lambda does not know is refused.
  Json input = properties;
  for (const char* own : {"ReservedConcurrentExecutions", "RecursiveLoop", "RuntimeManagementConfig",
                          "KmsKeyArn", "PublishToLatestPublished", "FunctionScalingConfig"})
    input.erase(own);
  input["FunctionName"] = name;
  if (properties.contains("KmsKeyArn")) input["KMSKeyArn"] = properties["KmsKeyArn"];
  input["Code"] = code_of(properties);
  Json tags = tag_map(properties.value("Tags", Json::array()));
  const Json stack_tags = tag_map(context.stack_tags);
  for (const auto& [key, value] : stack_tags.items())
    if (!tags.contains(key)) tags[key] = value;
  input.erase("Tags");
  tags["aws:cloudformation:stack-name"] = context.stack_name;
  tags["aws:cloudformation:stack-id"] = context.stack_id;
  tags["aws:cloudformation:logical-id"] = context.logical_id;
  input["Tags"] = std::move(tags);
  Steps steps{lambda_call("CreateFunction", std::move(input)), until_settled(name)};
  append_unnumbered_version(properties, name, steps);
  append_function_extras(nullptr, properties, name, steps);
  return steps;
}

Made made_function(const Context&, const Json&, const std::vector<Json>& outputs) {
  return {outputs[0].value("FunctionName", ""), {{"Arn", outputs[0].value("FunctionArn", "")}}};
}

Steps update_function(const Context& context, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Steps steps;
  Json configuration = configuration_of(wanted, name);
  if (configuration != configuration_of(existing.properties, name)) {
    // What is no longer said goes back to its default.
    const auto reset = [&](const char* member, Json value) {
      if (existing.properties.contains(member) && !wanted.contains(member))
        configuration[member] = std::move(value);
    };
    reset("Description", "");
    reset("Environment", {{"Variables", Json::object()}});
    reset("Layers", Json::array());
    reset("MemorySize", 128);
    reset("Timeout", 3);
    reset("DeadLetterConfig", {{"TargetArn", ""}});
    reset("TracingConfig", {{"Mode", "PassThrough"}});
    steps.push_back(lambda_call("UpdateFunctionConfiguration", std::move(configuration)));
    steps.push_back(until_settled(name));
  }
  if (differs(existing.properties, wanted, "Code") || differs(existing.properties, wanted, "Architectures")) {
    Json input = code_of(wanted);
    input["FunctionName"] = name;
    copy_properties(wanted, input, {"Architectures"});
    steps.push_back(lambda_call("UpdateFunctionCode", std::move(input)));
    steps.push_back(until_settled(name));
  }
  if (!steps.empty()) append_unnumbered_version(wanted, name, steps);
  if (differs(existing.properties, wanted, "Tags")) {
    const std::string arn = existing.attributes.value("Arn", "");
    const Json tags = tag_map(wanted.value("Tags", Json::array()));
    Json gone = tags_gone(existing.properties, wanted);
    if (!gone.empty()) steps.push_back(lambda_call("UntagResource", {{"Resource", arn}, {"TagKeys", gone}}));
    if (!tags.empty()) steps.push_back(lambda_call("TagResource", {{"Resource", arn}, {"Tags", tags}}));
  }
  append_function_extras(&existing.properties, wanted, name, steps);
  static_cast<void>(context);
  return steps;
}

Steps remove_function(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteFunction", {{"FunctionName", existing.physical_id}})};
}

void append_provisioned(const Json& properties, Steps& steps) {
  if (!properties.contains("ProvisionedConcurrencyConfig")) return;
  Json input = properties["ProvisionedConcurrencyConfig"];
  input["FunctionName"] = properties.value("FunctionName", Json());
  input["Qualifier"] = properties.value("Name", Json());
  steps.push_back(lambda_call("PutProvisionedConcurrencyConfig", std::move(input)));
}

/// The version that the first step has published.
void name_published(Json& input, const std::vector<Json>& outputs) {
  input["Qualifier"] = outputs[0].value("Version", "");
}

Steps create_version(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"FunctionName", "Description", "CodeSha256"});
  Steps steps{lambda_call("PublishVersion", std::move(input))};
  // One that starts from a snapshot is Pending until that is made.
  steps.push_back(until_settled(property_text(properties, "FunctionName")));
  steps.back().fill = name_published;
  append_provisioned(properties, steps);
  if (steps.size() > 2) steps.back().fill = name_published;
  if (properties.contains("FunctionScalingConfig")) {
    Json scaling = Json::object();
    copy_properties(properties, scaling, {"FunctionName", "FunctionScalingConfig"});
    steps.push_back(lambda_call("PutFunctionScalingConfig", std::move(scaling)));
    steps.back().fill = name_published;
  }
  return steps;
}

Made made_version(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("FunctionArn", "");
  return {arn, {{"Version", outputs[0].value("Version", "")}, {"FunctionArn", arn}}};
}

Steps remove_version(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteFunction", {{"FunctionName", existing.physical_id}})};
}

Json routing_of(const Json& properties) {
  Json weights = Json::object();
  for (const Json& each :
       properties.value("RoutingConfig", Json::object()).value("AdditionalVersionWeights", Json::array()))
    weights[property_text(each, "FunctionVersion")] = each.value("FunctionWeight", Json(0.0));
  return {{"AdditionalVersionWeights", std::move(weights)}};
}

Json alias_input(const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"FunctionName", "FunctionVersion", "Name", "Description"});
  if (properties.contains("RoutingConfig")) input["RoutingConfig"] = routing_of(properties);
  return input;
}

Steps create_alias(const Context&, const Json& properties) {
  Steps steps{lambda_call("CreateAlias", alias_input(properties))};
  append_provisioned(properties, steps);
  return steps;
}

Made made_alias(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("AliasArn", "");
  return {arn, {{"AliasArn", arn}}};
}

/// The function's name, whatever a template calls it by.
std::string function_name_in(std::string text) {
  if (!text.starts_with("arn:")) return text.substr(0, text.find(':'));
  for (int i = 0; i < 6; ++i) text = text.substr(text.find(':') + 1);
  return text.substr(0, text.find(':'));
}

/// Moves the alias as CodeDeploy does it: in steps, watched, with hooks. The stack waits until it ends.
void append_deployment(const Context& context, const Existing& existing, const Json& wanted,
                       const Json& policy, Steps& steps) {
  const std::string function = function_name_in(property_text(wanted, "FunctionName"));
  Json app_spec{{"version", "0.0"}};
  app_spec["Resources"] =
      Json::array({{{context.logical_id,
                     {{"Type", "AWS::Lambda::Function"},
                      {"Properties",
                       {{"Name", function},
                        {"Alias", property_text(wanted, "Name")},
                        {"CurrentVersion", property_text(existing.properties, "FunctionVersion")},
                        {"TargetVersion", property_text(wanted, "FunctionVersion")}}}}}}});
  for (const auto& [property, hook] : {std::pair{"BeforeAllowTrafficHook", "BeforeAllowTraffic"},
                                       std::pair{"AfterAllowTrafficHook", "AfterAllowTraffic"}})
    if (const std::string name = property_text(policy, property); !name.empty())
      app_spec["Hooks"].push_back({{hook, name}});
  const std::string content = app_spec.dump();
  steps.push_back(
      {.service = "codedeploy",
       .operation = "CreateDeployment",
       .input = {{"applicationName", policy.value("ApplicationName", Json())},
                 {"deploymentGroupName", policy.value("DeploymentGroupName", Json())},
                 {"revision",
                  {{"revisionType", "AppSpecContent"},
                   {"appSpecContent", {{"content", content}, {"sha256", hex_encode(sha256(content))}}}}},
                 {"description", "Created by CloudFormation"}}});
  Step wait{.service = "codedeploy", .operation = "GetDeployment"};
  wait.abandon = "StopDeployment";
  wait.news = "deploymentId";
  const std::size_t made_by = steps.size() - 1;
  wait.fill = [made_by](Json& input, const std::vector<Json>& outputs) {
    input["deploymentId"] = outputs[made_by].value("deploymentId", "");
  };
  wait.until = [](const Json& output, std::string& reason) {
    const Json info = output.value("deploymentInfo", Json::object());
    const std::string status = info.value("status", "");
    if (status == "Succeeded") return Progress::Done;
    if (status != "Failed" && status != "Stopped") return Progress::Waiting;
    const Json error = info.value("errorInformation", Json::object());
    reason = fmt::format("CodeDeploy deployment {} ended as {}{}{}", info.value("deploymentId", ""), status,
                         error.contains("message") ? ": " : "", error.value("message", ""));
    return Progress::Failed;
  };
  steps.push_back(std::move(wait));
}

Steps update_alias(const Context& context, const Existing& existing, const Json& wanted) {
  Steps steps;
  const Json policy = context.update_policy.value("CodeDeployLambdaAliasUpdate", Json());
  Json input = alias_input(wanted);
  if (!policy.is_null() && differs(existing.properties, wanted, "FunctionVersion")) {
    append_deployment(context, existing, wanted, policy, steps);
    if (!differs(existing.properties, wanted, "Description") &&
        !differs(existing.properties, wanted, "ProvisionedConcurrencyConfig"))
      return steps;
  }
  // Also when nothing is said: a shift that was given up may have left weights behind.
  input["RoutingConfig"] = routing_of(wanted);
  steps.push_back(lambda_call("UpdateAlias", std::move(input)));
  if (differs(existing.properties, wanted, "ProvisionedConcurrencyConfig")) append_provisioned(wanted, steps);
  return steps;
}

Steps remove_alias(const Context&, const Existing& existing) {
  return {lambda_removal("DeleteAlias", {{"FunctionName", existing.properties.value("FunctionName", Json())},
                                         {"Name", existing.properties.value("Name", Json())}})};
}

}  // namespace

std::span<const ResourceType> lambda_types() {
  static const ResourceType types[] = {
      {"AWS::Lambda::Function",
       {"FunctionName", "PackageType"},
       create_function,
       made_function,
       update_function,
       remove_function},
      {"AWS::Lambda::Version", {}, create_version, made_version, nullptr, remove_version},
      {"AWS::Lambda::Alias", {"FunctionName", "Name"}, create_alias, made_alias, update_alias, remove_alias},
  };
  return types;
}

}  // namespace aviary::cloudformation
