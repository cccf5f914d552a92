#include "services/cloudformation/core/imports.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "services/cloudformation/core/template_text.hpp"

namespace aviary::cloudformation {
namespace {

Step lookup_with(const char* service, const char* operation, Json input) {
  return {.service = service, .operation = operation, .input = std::move(input)};
}

std::string after_last(std::string_view text, char mark) {
  return std::string(text.substr(text.rfind(mark) + 1));
}

Step lookup_function(const std::string& id) {
  return lookup_with("lambda", "GetFunctionConfiguration", {{"FunctionName", id}});
}
Step lookup_alias(const std::string& id) {
  const std::size_t colon = id.rfind(':');
  return lookup_with("lambda", "GetAlias",
                     {{"FunctionName", id.substr(0, colon)},
                      {"Name", colon == std::string::npos ? "" : id.substr(colon + 1)}});
}
Step lookup_queue(const std::string& id) {
  return lookup_with("sqs", "GetQueueAttributes",
                     {{"QueueUrl", id}, {"AttributeNames", Json::array({"QueueArn"})}});
}
bool complete_queue(const std::string& id, Json& properties, Json& output) {
  properties["QueueName"] = after_last(id, '/');
  output["QueueUrl"] = id;
  return true;
}
Step lookup_topic(const std::string& id) {
  return lookup_with("sns", "GetTopicAttributes", {{"TopicArn", id}});
}
bool complete_topic(const std::string& id, Json& properties, Json& output) {
  properties["TopicName"] = after_last(id, ':');
  output["TopicArn"] = id;
  return true;
}
Step lookup_bucket(const std::string& id) { return lookup_with("s3", "GetBucketLocation", {{"Bucket", id}}); }
bool complete_bucket(const std::string& id, Json& properties, Json&) {
  properties["BucketName"] = id;
  return true;
}
Step lookup_role(const std::string& id) { return lookup_with("iam", "GetRole", {{"RoleName", id}}); }
Step lookup_user(const std::string& id) { return lookup_with("iam", "GetUser", {{"UserName", id}}); }
Step lookup_iam_group(const std::string& id) { return lookup_with("iam", "GetGroup", {{"GroupName", id}}); }
Step lookup_policy(const std::string& id) { return lookup_with("iam", "GetPolicy", {{"PolicyArn", id}}); }
Step lookup_log_group(const std::string& id) {
  return lookup_with("logs", "DescribeLogGroups", {{"logGroupNamePrefix", id}});
}
bool complete_log_group(const std::string& id, Json& properties, Json& output) {
  properties["LogGroupName"] = id;
  const Json groups = output.value("logGroups", Json::array());
  return std::ranges::any_of(groups, [&](const Json& each) { return each.value("logGroupName", "") == id; });
}
Step lookup_alarm(const std::string& id) {
  return lookup_with("cloudwatch", "DescribeAlarms", {{"AlarmNames", Json::array({id})}});
}
bool complete_alarm(const std::string& id, Json& properties, Json& output) {
  properties["AlarmName"] = id;
  return !output.value("MetricAlarms", Json::array()).empty();
}
Step lookup_stream(const std::string& id) {
  return lookup_with("kinesis", "DescribeStreamSummary", {{"StreamName", id}});
}
bool complete_stream(const std::string& id, Json& properties, Json&) {
  properties["Name"] = id;
  return true;
}
Step lookup_parameter(const std::string& id) { return lookup_with("ssm", "GetParameter", {{"Name", id}}); }
Step lookup_secret(const std::string& id) {
  return lookup_with("secretsmanager", "DescribeSecret", {{"SecretId", id}});
}
bool complete_secret(const std::string&, Json& properties, Json&) {
  properties.erase("GenerateSecretString");
  return true;
}
Step lookup_repository(const std::string& id) {
  return lookup_with("ecr", "DescribeRepositories", {{"repositoryNames", Json::array({id})}});
}
bool complete_repository(const std::string&, Json&, Json& output) {
  const Json found = output.value("repositories", Json::array());
  if (found.empty()) return false;
  output["repository"] = found[0];
  return true;
}
Step lookup_rest_api(const std::string& id) {
  return lookup_with("apigateway", "GetRestApi", {{"restApiId", id}});
}
Step lookup_http_api(const std::string& id) { return lookup_with("apigatewayv2", "GetApi", {{"ApiId", id}}); }
Step lookup_bus(const std::string& id) { return lookup_with("events", "DescribeEventBus", {{"Name", id}}); }
bool complete_bus(const std::string& id, Json& properties, Json&) {
  properties["Name"] = id;
  return true;
}
Step lookup_application(const std::string& id) {
  return lookup_with("codedeploy", "GetApplication", {{"applicationName", id}});
}
bool complete_application(const std::string& id, Json& properties, Json&) {
  properties["ApplicationName"] = id;
  return true;
}

constexpr Importable importables[] = {
    {"AWS::ApiGateway::RestApi", "RestApiId", false, lookup_rest_api},
    {"AWS::ApiGatewayV2::Api", "ApiId", false, lookup_http_api},
    {"AWS::CloudWatch::Alarm", "AlarmName", true, lookup_alarm, complete_alarm},
    {"AWS::CodeDeploy::Application", "ApplicationName", true, lookup_application, complete_application},
    {"AWS::ECR::Repository", "RepositoryName", true, lookup_repository, complete_repository},
    {"AWS::Events::EventBus", "Name", true, lookup_bus, complete_bus},
    {"AWS::IAM::Group", "GroupName", true, lookup_iam_group},
    {"AWS::IAM::ManagedPolicy", "PolicyArn", false, lookup_policy},
    {"AWS::IAM::Role", "RoleName", true, lookup_role},
    {"AWS::IAM::User", "UserName", true, lookup_user},
    {"AWS::Kinesis::Stream", "Name", true, lookup_stream, complete_stream},
    {"AWS::Lambda::Alias", "AliasArn", false, lookup_alias},
    {"AWS::Lambda::Function", "FunctionName", true, lookup_function},
    {"AWS::Lambda::Version", "FunctionArn", false, lookup_function},
    {"AWS::Logs::LogGroup", "LogGroupName", true, lookup_log_group, complete_log_group},
    {"AWS::S3::Bucket", "BucketName", true, lookup_bucket, complete_bucket},
    {"AWS::SNS::Topic", "TopicArn", false, lookup_topic, complete_topic},
    {"AWS::SQS::Queue", "QueueUrl", false, lookup_queue, complete_queue},
    {"AWS::SSM::Parameter", "Name", true, lookup_parameter},
    {"AWS::SecretsManager::Secret", "Id", false, lookup_secret, complete_secret},
};

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, ", "));
}

/// One entry of `ResourcesToImport`, against the template.
Result<> check_entry(const Json& entry, const Json& resources) {
  const std::string name = property_text(entry, "LogicalResourceId");
  const std::string type = property_text(entry, "ResourceType");
  if (!resources.contains(name))
    return validation_error(
        fmt::format("Resources [{}] passed in ResourceToImport are not defined in the template.", name));
  const Importable* importable = find_importable(type);
  if (importable == nullptr)
    return validation_error(fmt::format("ResourceTypes [{}] are not supported for Import", type));
  const std::string declared = property_text(resources[name], "Type");
  if (declared != type)
    return validation_error(fmt::format(
        "Resource type of [{}] passed in ResourceToImport does not match with resource type defined in the "
        "template. Resource type in ResourceToImport: {}; Resource type in Template: {}.",
        name, type, declared));
  const Json identifier = entry.value("ResourceIdentifier", Json::object());
  if (identifier.size() != 1 || property_text(identifier, importable->identifier).empty())
    return validation_error(fmt::format("Invalid resource identifier for resource type {}. Expected [{}]",
                                        type, importable->identifier));
  return {};
}

}  // namespace

const Importable* find_importable(std::string_view type) {
  const auto* found = std::ranges::find(importables, type, &Importable::type);
  return found != std::end(importables) ? found : nullptr;
}

Result<> check_imports(const Stack& stack, const Wish& wish, const Json& wanted, Json& changes) {
  const auto outputs = [](const Wish& of) { return of.document.value("Outputs", Json::object()); };
  const Json& resources = wish.document.at("Resources");
  std::set<std::string> named;
  for (const Json& entry : wanted) {
    if (const Result<> fine = check_entry(entry, resources); !fine) return fine.error();
    named.insert(property_text(entry, "LogicalResourceId"));
  }
  std::vector<std::string> held;
  std::vector<std::string> unnamed;
  std::vector<std::string> touched;
  std::vector<std::string> careless;
  for (const std::string& name : named) {
    if (stack.resources.contains(name)) held.push_back(name);
    if (!resources[name].contains("DeletionPolicy")) careless.push_back(name);
  }
  if (!held.empty())
    return validation_error(
        fmt::format("Resources {} passed in ResourceToImport are already in a stack and cannot be imported.",
                    listed(held)));
  for (Json& row : changes) {
    Json& change = row["ResourceChange"];
    const std::string name = property_text(change, "LogicalResourceId");
    const std::string action = property_text(change, "Action");
    if (action != "Add") {
      touched.push_back(name);
    } else if (!named.contains(name)) {
      unnamed.push_back(name);
    }
  }
  if (!unnamed.empty())
    return validation_error(
        fmt::format("Resources {} is missing from ResourceToImport list", listed(unnamed)));
  if (!touched.empty())
    return validation_error(fmt::format(
        "You have modified resources {} in your template that are not being imported. Update, create or "
        "delete operations cannot be executed during import operations.",
        listed(touched)));
  if (!careless.empty())
    return validation_error(fmt::format(
        "The following resources to import {} must have DeletionPolicy attribute specified in the template.",
        listed(careless)));
  if (outputs(stack.wish) != outputs(wish))
    return validation_error("As part of the import operation, you cannot modify or add [Outputs]");
  mark_imports(wanted, changes);
  return {};
}

Json import_candidates(const StackStore& store, const Stack& stack, const Wish& wish, const Json& changes) {
  Json candidates = Json::array();
  const Json& resources = wish.document.at("Resources");
  for (const Json& row : changes) {
    const Json& change = row.at("ResourceChange");
    if (property_text(change, "Action") != "Add") continue;
    const std::string name = property_text(change, "LogicalResourceId");
    const std::string type = property_text(change, "ResourceType");
    const Importable* importable = find_importable(type);
    if (importable == nullptr || !importable->named) continue;
    const Json properties = resources.at(name).value("Properties", Json::object());
    const auto id = properties.find(importable->identifier);
    if (id == properties.end() || !id->is_string() ||
        !holder_of(store, stack, type, id->get_ref<const std::string&>()).empty())
      continue;
    candidates.push_back({{"LogicalResourceId", name},
                          {"ResourceType", type},
                          {"ResourceIdentifier", {{importable->identifier, *id}}}});
  }
  return candidates;
}

void mark_imports(const Json& imports, Json& changes) {
  const std::map<std::string, std::string> ids = ids_of_imports(imports);
  for (Json& row : changes) {
    Json& change = row["ResourceChange"];
    const auto id = ids.find(property_text(change, "LogicalResourceId"));
    if (id == ids.end()) continue;
    change["Action"] = "Import";
    change["PhysicalResourceId"] = id->second;
  }
}

std::string refused_imports(const Wish& wish, const Json& imports) {
  std::vector<std::string> affected;
  for (const Json& entry : imports) {
    const std::string name = property_text(entry, "LogicalResourceId");
    const std::string policy = property_text(wish.document.at("Resources").at(name), "DeletionPolicy");
    if (policy == "Retain" || policy == "RetainExceptOnCreate") continue;
    const auto id = entry.at("ResourceIdentifier").begin();
    affected.push_back(fmt::format("{} ({{{}={}}})", name, id.key(), id.value().get<std::string>()));
  }
  if (affected.empty()) return "";
  return fmt::format(
      "CloudFormation is attempting to import some resources because they already exist in your account. The "
      "resources must have the DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate' in the "
      "template for successful import. The affected resources are {}",
      fmt::join(affected, ", "));
}

std::string holder_of(const StackStore& store, const Stack& stack, std::string_view type,
                      std::string_view id) {
  // Users, roles and buckets are an account's, whatever the region.
  const bool is_regional = !type.starts_with("AWS::IAM::") && !type.starts_with("AWS::S3::");
  for (const auto& [other_id, other] : store.all()) {
    if (other.account != stack.account || (is_regional && other.region != stack.region)) continue;
    for (const auto& [name, held] : other.resources)
      if (held.type == type && held.physical_id == id) return other_id;
  }
  return "";
}

std::map<std::string, std::string> ids_of_imports(const Json& imports) {
  std::map<std::string, std::string> ids;
  for (const Json& entry : imports) {
    const Json identifier = entry.value("ResourceIdentifier", Json::object());
    if (!identifier.empty() && identifier.begin()->is_string())
      ids[property_text(entry, "LogicalResourceId")] = identifier.begin()->get<std::string>();
  }
  return ids;
}

std::string import_not_found(std::string_view type, std::string_view id) {
  return fmt::format("Resource of type '{}' with identifier '{}' was not found.", type, id);
}

}  // namespace aviary::cloudformation
