#include "services/cloudformation/core/sam_function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "services/cloudformation/core/sam_policies.hpp"

namespace aviary::cloudformation {
namespace {

constexpr const char* function_creator = "lambda:createdBy";

Json member_of(const Json& value, const char* name) {
  return value.is_object() && value.contains(name) ? value[name] : Json();
}

bool is_intrinsic(const Json& value) {
  if (!value.is_object() || value.size() != 1) return false;
  const std::string& key = value.begin().key();
  return key == "Ref" || key == "Condition" || key.starts_with("Fn::");
}

/// Name, in AWS's list, to ARN. Those of Lambda's own are in a path.
Json managed_policy(const Json& policy) {
  if (!policy.is_string()) return policy;
  const std::string name = policy.get<std::string>();
  if (name.starts_with("arn:")) return policy;
  static const std::set<std::string> in_path{
      "AWSLambdaBasicExecutionRole",    "AWSLambdaDynamoDBExecutionRole",  "AWSLambdaENIManagementAccess",
      "AWSLambdaKinesisExecutionRole",  "AWSLambdaMSKExecutionRole",       "AWSLambdaRole",
      "AWSLambdaSQSQueueExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSCodeDeployRoleForLambda"};
  return fmt::format("arn:aws:iam::aws:policy/{}{}", in_path.contains(name) ? "service-role/" : "", name);
}

Json code_of_function(SamDraft& draft, const std::string& name, const Json& properties) {
  if (properties.contains("InlineCode")) return {{"ZipFile", properties["InlineCode"]}};
  if (properties.contains("ImageUri")) return {{"ImageUri", properties["ImageUri"]}};
  const Json uri = member_of(properties, "CodeUri");
  Json code = Json::object();
  if (uri.is_string()) {
    std::string text = uri.get<std::string>();
    if (text.starts_with("s3://")) {
      text = text.substr(5);
      if (const std::size_t mark = text.find("?versionId="); mark != std::string::npos) {
        code["S3ObjectVersion"] = text.substr(mark + 11);
        text = text.substr(0, mark);
      }
      const std::size_t slash = text.find('/');
      if (slash != std::string::npos) {
        code["S3Bucket"] = text.substr(0, slash);
        code["S3Key"] = text.substr(slash + 1);
        return code;
      }
    }
  } else if (uri.is_object()) {
    for (const auto& [from, to] : {std::pair{"Bucket", "S3Bucket"}, std::pair{"Key", "S3Key"},
                                   std::pair{"Version", "S3ObjectVersion"}})
      if (uri.contains(from)) code[to] = uri[from];
    if (code.contains("S3Bucket") && code.contains("S3Key")) return code;
    draft.refuse(name, "'CodeUri' requires Bucket and Key properties to be specified.");
    return nullptr;
  } else if (uri.is_null()) {
    draft.refuse(name, "Missing required property 'CodeUri'.");
    return nullptr;
  }
  draft.refuse(name,
               "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query "
               "parameter.");
  return nullptr;
}

/// Condition and the like go along to what is made of a resource.
void pass_on(const Json& resource, Json& made) {
  for (const char* attribute : {"Condition", "DeletionPolicy", "UpdateReplacePolicy"})
    if (resource.contains(attribute)) made[attribute] = resource[attribute];
}

Json function_resource(SamDraft& draft, const std::string& name, const Json& resource,
                       const Json& properties) {
  const Json code = code_of_function(draft, name, properties);
  Json out{{"Code", code}};
  for (const char* member : {"FunctionName",
                             "Handler",
                             "Runtime",
                             "Description",
                             "MemorySize",
                             "Timeout",
                             "VpcConfig",
                             "Role",
                             "Environment",
                             "KmsKeyArn",
                             "ReservedConcurrentExecutions",
                             "Layers",
                             "FileSystemConfigs",
                             "ImageConfig",
                             "PackageType",
                             "Architectures",
                             "SnapStart",
                             "EphemeralStorage",
                             "CodeSigningConfigArn",
                             "RuntimeManagementConfig",
                             "LoggingConfig",
                             "TenancyConfig",
                             "RecursiveLoop"})
    if (properties.contains(member) && !properties[member].is_null()) out[member] = properties[member];
  out["Tags"] = sam_tags(member_of(properties, "Tags"), function_creator);
  const Json tracing = with_parameters(member_of(properties, "Tracing"), draft.parameters);
  if (!tracing.is_null() && tracing != Json("Disabled"))
    out["TracingConfig"] = {{"Mode", properties["Tracing"]}};
  if (properties.contains("DeadLetterQueue"))
    out["DeadLetterConfig"] = {{"TargetArn", member_of(properties["DeadLetterQueue"], "TargetArn")}};
  Json made{{"Type", "AWS::Lambda::Function"}, {"Properties", std::move(out)}};
  for (const char* attribute : {"Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy",
                                "UpdatePolicy", "Metadata", "CreationPolicy"})
    if (resource.contains(attribute)) made[attribute] = resource[attribute];
  return made;
}

Json role_resource(SamDraft& draft, const std::string& name, const Json& resource, const Json& properties) {
  Json role{
      {"AssumeRolePolicyDocument",
       {{"Version", "2012-10-17"},
        {"Statement", Json::array({{{"Action", Json::array({"sts:AssumeRole"})},
                                    {"Effect", "Allow"},
                                    {"Principal", {{"Service", Json::array({"lambda.amazonaws.com"})}}}}})}}},
      {"Tags", sam_tags(member_of(properties, "Tags"), function_creator)}};
  if (properties.contains("AssumeRolePolicyDocument"))
    role["AssumeRolePolicyDocument"] = properties["AssumeRolePolicyDocument"];
  if (properties.contains("RolePath")) role["Path"] = properties["RolePath"];
  if (properties.contains("PermissionsBoundary"))
    role["PermissionsBoundary"] = properties["PermissionsBoundary"];
  Json arns = Json::array({managed_policy("AWSLambdaBasicExecutionRole")});
  const Json tracing = with_parameters(member_of(properties, "Tracing"), draft.parameters);
  if (!tracing.is_null() && tracing != Json("Disabled"))
    arns.push_back(managed_policy("AWSXrayWriteOnlyAccess"));
  if (properties.contains("VpcConfig")) arns.push_back(managed_policy("AWSLambdaVPCAccessExecutionRole"));
  Json documents = Json::array();
  if (properties.contains("DeadLetterQueue")) {
    const Json& queue = properties["DeadLetterQueue"];
    documents.push_back(
        {{"PolicyName", "DeadLetterQueuePolicy"},
         {"PolicyDocument",
          {{"Version", "2012-10-17"},
           {"Statement",
            Json::array(
                {{{"Action", member_of(queue, "Type") == Json("SNS") ? "sns:Publish" : "sqs:SendMessage"},
                  {"Resource", member_of(queue, "TargetArn")},
                  {"Effect", "Allow"}}})}}}});
  }
  const Json policies = member_of(properties, "Policies");
  const Json list = policies.is_null()    ? Json::array()
                    : policies.is_array() ? policies
                                          : Json::array({policies});
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& policy = list[i];
    if (is_policy_template(policy)) {
      std::string problem;
      Json document = policy_of_template(policy, problem);
      if (!problem.empty()) draft.refuse(name, problem);
      documents.push_back(
          {{"PolicyName", fmt::format("{}RolePolicy{}", name, i)}, {"PolicyDocument", std::move(document)}});
    } else if (policy.is_string() || is_intrinsic(policy)) {
      const Json arn = managed_policy(policy);
      if (std::ranges::find(arns, arn) == arns.end()) arns.push_back(arn);
    } else {
      documents.push_back(
          {{"PolicyName", fmt::format("{}RolePolicy{}", name, i)}, {"PolicyDocument", policy}});
    }
  }
  role["ManagedPolicyArns"] = std::move(arns);
  if (!documents.empty()) role["Policies"] = std::move(documents);
  Json made{{"Type", "AWS::IAM::Role"}, {"Properties", std::move(role)}};
  pass_on(resource, made);
  return made;
}

std::string version_id(const SamDraft& draft, const std::string& name, const Json& function,
                       const Json& properties) {
  const Json hash = with_parameters(member_of(properties, "AutoPublishCodeSha256"), draft.parameters);
  if (hash.is_string()) return name + "Version" + hash.get<std::string>().substr(0, 10);
  const Json& made = function["Properties"];
  if (with_parameters(member_of(properties, "AutoPublishAliasAllProperties"), draft.parameters) ==
      Json(true)) {
    Json all = made;
    return sam_id(name + "Version", all);
  }
  Json data = with_parameters(made["Code"], draft.parameters);
  if (made.contains("Environment") && made["Environment"].is_object()) data.update(made["Environment"]);
  if (made.contains("MemorySize")) data["MemorySize"] = made["MemorySize"];
  if (made.contains("SnapStart") && member_of(made["SnapStart"], "ApplyOn").is_string() &&
      made["SnapStart"]["ApplyOn"] != Json("None"))
    data["SnapStart"] = made["SnapStart"];
  return sam_id(name + "Version", data);
}

void expand_url(SamDraft& draft, const std::string& name, const std::string& invoked, const Json& resource,
                const Json& config) {
  Json url{{"TargetFunctionArn", sam_ref(invoked)}};
  for (const char* member : {"AuthType", "Cors", "InvokeMode"})
    if (config.contains(member)) url[member] = config[member];
  Json made{{"Type", "AWS::Lambda::Url"}, {"Properties", std::move(url)}};
  pass_on(resource, made);
  draft.resources[name + "Url"] = std::move(made);
  if (member_of(config, "AuthType") != Json("NONE")) return;
  Json permission{{"Type", "AWS::Lambda::Permission"},
                  {"Properties",
                   {{"Action", "lambda:InvokeFunctionUrl"},
                    {"FunctionName", sam_ref(invoked)},
                    {"Principal", "*"},
                    {"FunctionUrlAuthType", "NONE"}}}};
  pass_on(resource, permission);
  draft.resources[name + "UrlPublicPermissions"] = permission;
  permission["Properties"] = {{"Action", "lambda:InvokeFunction"},
                              {"FunctionName", sam_ref(invoked)},
                              {"Principal", "*"},
                              {"InvokedViaFunctionUrl", true}};
  draft.resources[name + "URLInvokeAllowPublicAccess"] = std::move(permission);
}

/// Answers the policies that the destinations need.
Json expand_invoke_config(SamDraft& draft, const std::string& name, const std::string& alias,
                          const std::string& alias_id, const Json& resource, const Json& config) {
  const std::string id = name + "EventInvokeConfig";
  Json policies = Json::array();
  Json destinations = Json::object();
  for (const char* when : {"OnSuccess", "OnFailure"}) {
    const Json given = member_of(member_of(config, "DestinationConfig"), when);
    if (!given.is_object()) continue;
    const std::string type = given.value("Type", std::string());
    Json destination = member_of(given, "Destination");
    if (destination.is_null() && (type == "SQS" || type == "SNS")) {
      const std::string made = id + when + (type == "SQS" ? "Queue" : "Topic");
      Json target{{"Type", type == "SQS" ? "AWS::SQS::Queue" : "AWS::SNS::Topic"},
                  {"Properties", Json::object()}};
      pass_on(resource, target);
      draft.resources[made] = std::move(target);
      draft.referable[name + (type == "SQS" ? ".DestinationQueue" : ".DestinationTopic")] = made;
      destination = type == "SQS" ? sam_att(made, "Arn") : sam_ref(made);
    } else if (destination.is_null()) {
      draft.refuse(name, "Destination is required if Type is not ['SQS', 'SNS']");
    }
    static const std::map<std::string, std::pair<std::string, std::string>> actions{
        {"SQS", {"sqs:SendMessage", "SQSPolicy"}},
        {"SNS", {"sns:publish", "SNSPolicy"}},
        {"EventBridge", {"events:PutEvents", "EventBridgePolicy"}},
        {"Lambda", {"lambda:InvokeFunction", "LambdaPolicy"}}};
    if (const auto action = actions.find(type); action != actions.end())
      policies.push_back({{"PolicyName", id + when + action->second.second},
                          {"PolicyDocument",
                           {{"Statement", Json::array({{{"Action", action->second.first},
                                                        {"Effect", "Allow"},
                                                        {"Resource", destination}}})}}}});
    destinations[when] = {{"Destination", std::move(destination)}};
  }
  Json out{{"FunctionName", sam_ref(name)},
           {"Qualifier", alias.empty() ? "$LATEST" : alias},
           {"DestinationConfig", std::move(destinations)}};
  for (const char* member : {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"})
    if (config.contains(member)) out[member] = config[member];
  Json made{{"Type", "AWS::Lambda::EventInvokeConfig"}, {"Properties", std::move(out)}};
  if (!alias_id.empty()) made["DependsOn"] = Json::array({alias_id});
  pass_on(resource, made);
  draft.resources[id] = std::move(made);
  return policies;
}

}  // namespace

void expand_function(SamDraft& draft, const std::string& name, const Json& resource) {
  const Json& properties = resource["Properties"];
  Json function = function_resource(draft, name, resource, properties);
  if (function["Properties"]["Code"].is_null()) return;
  std::string alias_id;
  std::string alias;
  if (properties.contains("AutoPublishAlias")) {
    const Json resolved = with_parameters(properties["AutoPublishAlias"], draft.parameters);
    if (!resolved.is_string()) {
      draft.refuse(name, "'AutoPublishAlias' must be a string or a Ref to a template parameter");
      return;
    }
    alias = resolved.get<std::string>();
    if (const Json hash = with_parameters(member_of(properties, "AutoPublishCodeSha256"), draft.parameters);
        hash.is_string()) {
      const Json description = with_parameters(member_of(properties, "Description"), draft.parameters);
      function["Properties"]["Description"] =
          description.is_string() ? description.get<std::string>() + " " + hash.get<std::string>()
                                  : hash.get<std::string>();
    }
    function["Properties"]["Code"] = with_parameters(function["Properties"]["Code"], draft.parameters);
    const std::string version = version_id(draft, name, function, properties);
    Json made{{"Type", "AWS::Lambda::Version"},
              {"DeletionPolicy", "Retain"},
              {"Properties", {{"FunctionName", sam_ref(name)}}}};
    if (properties.contains("VersionDeletionPolicy"))
      made["DeletionPolicy"] = properties["VersionDeletionPolicy"];
    if (properties.contains("VersionDescription"))
      made["Properties"]["Description"] = properties["VersionDescription"];
    pass_on(resource, made);
    draft.resources[version] = std::move(made);
    std::string plain;
    for (const char c : alias) plain += c == '-' ? 'D' : c == '_' ? 'U' : c;
    alias_id = name + "Alias" + plain;
    Json alias_made{{"Type", "AWS::Lambda::Alias"},
                    {"Properties",
                     {{"Name", alias},
                      {"FunctionName", sam_ref(name)},
                      {"FunctionVersion", sam_att(version, "Version")}}}};
    if (properties.contains("ProvisionedConcurrencyConfig"))
      alias_made["Properties"]["ProvisionedConcurrencyConfig"] = properties["ProvisionedConcurrencyConfig"];
    pass_on(resource, alias_made);
    draft.resources[alias_id] = std::move(alias_made);
    draft.referable[name + ".Version"] = version;
    draft.referable[name + ".Alias"] = alias_id;
  } else if (properties.contains("ProvisionedConcurrencyConfig")) {
    draft.refuse(name,
                 "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function");
  }

  if (properties.contains("DeploymentPreference")) {
    Json preference = properties["DeploymentPreference"];
    for (const char* member : {"Enabled", "Type"})
      if (preference.contains(member))
        preference[member] = with_parameters(preference[member], draft.parameters);
    const Json enabled = preference.value("Enabled", Json(true));
    // The article's own: the alias moves at once, and whoever shifts traffic does it by hand.
    const bool by_hand = preference.value("Type", Json()) == Json("Manual");
    if (enabled != Json(false) && enabled != Json("false") && enabled != Json("False") && !by_hand) {
      if (!preference.contains("Type")) {
        draft.refuse(name, "'DeploymentPreference' is missing required Property 'Type'");
      } else if (alias_id.empty()) {
        draft.refuse(name, "'DeploymentPreference' requires AutoPublishAlias property to be specified.");
      } else {
        draft.resources[alias_id]["UpdatePolicy"] = update_policy_of(name, preference);
        const bool passes = preference.value("PassthroughCondition", Json(false)) == Json(true);
        draft.preferences.push_back({.function = name,
                                     .preference = preference,
                                     .condition = resource.value("Condition", std::string()),
                                     .conditional = passes});
      }
    }
  }
  const std::string invoked = alias_id.empty() ? name : alias_id;
  if (properties.contains("FunctionUrlConfig"))
    expand_url(draft, name, invoked, resource, properties["FunctionUrlConfig"]);
  Json role = role_resource(draft, name, resource, properties);
  if (properties.contains("EventInvokeConfig")) {
    const Json policies =
        expand_invoke_config(draft, name, alias, alias_id, resource, properties["EventInvokeConfig"]);
    for (const Json& policy : policies) role["Properties"]["Policies"].push_back(policy);
  }
  Json inline_policies = role["Properties"].value("Policies", Json::array());
  if (properties.contains("Events")) {
    const SamTarget target{.function = name,
                           .invoked = invoked,
                           .role_policies = &role["Properties"]["ManagedPolicyArns"],
                           .role_inline = &inline_policies,
                           .condition = resource.value("Condition", std::string())};
    expand_events(draft, target, properties["Events"]);
  }
  if (!inline_policies.empty()) role["Properties"]["Policies"] = std::move(inline_policies);
  if (!properties.contains("Role")) {
    function["Properties"]["Role"] = sam_att(name + "Role", "Arn");
    draft.resources[name + "Role"] = std::move(role);
  }
  draft.resources[name] = std::move(function);
}

}  // namespace aviary::cloudformation
