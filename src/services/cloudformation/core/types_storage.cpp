#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::S3::*, and what has nothing behind it.
namespace aviary::cloudformation {
namespace {

Step storage_call(std::string service, std::string operation, Json input, bool removes = false) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

std::string bucket_name(const Context& context, const Json& properties) {
  std::string name = context.name(properties, "BucketName", 63);
  if (property_text(properties, "BucketName").empty())
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

/// Templates say `Function` and `Event`, the service `LambdaFunctionArn` and `Events`.
Json notification_of(const Json& configuration) {
  Json out = Json::object();
  for (const auto& [from, arn, to, to_arn] :
       {std::tuple{"LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"},
        std::tuple{"QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"},
        std::tuple{"TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"}})
    for (const Json& each : configuration.value(from, Json::array())) {
      Json row{{to_arn, each.value(arn, Json())}, {"Events", Json::array({each.value("Event", Json())})}};
      if (each.contains("Filter"))
        row["Filter"]["Key"]["FilterRules"] =
            each["Filter"].value("S3Key", Json::object()).value("Rules", Json::array());
      out[to].push_back(std::move(row));
    }
  return out;
}

/// Everything but the bucket itself; `before` null: nothing was said.
void append_bucket_settings(const Json* before, const Json& wanted, const std::string& name, Steps& steps) {
  static const Json none = Json::object();
  const Json& old = before != nullptr ? *before : none;
  const auto put = [&](const char* property, const char* operation, const char* member, Json value) {
    if (!wanted.contains(property) || !differs(old, wanted, property)) return;
    steps.push_back(storage_call("s3", operation, {{"Bucket", name}, {member, std::move(value)}}));
  };
  put("VersioningConfiguration", "PutBucketVersioning", "VersioningConfiguration",
      wanted.value("VersioningConfiguration", Json()));
  put("PublicAccessBlockConfiguration", "PutPublicAccessBlock", "PublicAccessBlockConfiguration",
      wanted.value("PublicAccessBlockConfiguration", Json()));
  Json encryption = Json::object();
  for (const Json& each : wanted.value("BucketEncryption", Json::object())
                              .value("ServerSideEncryptionConfiguration", Json::array())) {
    Json rule = Json::object();
    copy_properties(each, rule, {"BucketKeyEnabled"});
    if (each.contains("ServerSideEncryptionByDefault"))
      rule["ApplyServerSideEncryptionByDefault"] = each["ServerSideEncryptionByDefault"];
    encryption["Rules"].push_back(std::move(rule));
  }
  put("BucketEncryption", "PutBucketEncryption", "ServerSideEncryptionConfiguration", std::move(encryption));
  put("OwnershipControls", "PutBucketOwnershipControls", "OwnershipControls",
      wanted.value("OwnershipControls", Json()));
  put("Tags", "PutBucketTagging", "Tagging", {{"TagSet", wanted.value("Tags", Json::array())}});
  put("NotificationConfiguration", "PutBucketNotificationConfiguration", "NotificationConfiguration",
      notification_of(wanted.value("NotificationConfiguration", Json::object())));
}

Steps create_bucket(const Context& context, const Json& properties) {
  const std::string name = bucket_name(context, properties);
  Json input{{"Bucket", name}};
  if (context.region != "us-east-1")
    input["CreateBucketConfiguration"] = {{"LocationConstraint", context.region}};
  Steps steps{storage_call("s3", "CreateBucket", std::move(input))};
  append_bucket_settings(nullptr, properties, name, steps);
  return steps;
}
Made made_bucket(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = bucket_name(context, properties);
  return {name,
          {{"Arn", "arn:aws:s3:::" + name},
           {"DomainName", name + ".s3.amazonaws.com"},
           {"RegionalDomainName", fmt::format("{}.s3.{}.amazonaws.com", name, context.region)},
           {"DualStackDomainName", fmt::format("{}.s3.dualstack.{}.amazonaws.com", name, context.region)},
           {"WebsiteURL", fmt::format("http://{}.s3-website-{}.amazonaws.com", name, context.region)}}};
}
Steps update_bucket(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  append_bucket_settings(&existing.properties, wanted, existing.physical_id, steps);
  if (existing.properties.contains("NotificationConfiguration") &&
      !wanted.contains("NotificationConfiguration"))
    steps.push_back(
        storage_call("s3", "PutBucketNotificationConfiguration",
                     {{"Bucket", existing.physical_id}, {"NotificationConfiguration", Json::object()}}));
  if (existing.properties.contains("Tags") && !wanted.contains("Tags"))
    steps.push_back(storage_call("s3", "DeleteBucketTagging", {{"Bucket", existing.physical_id}}));
  return steps;
}
Steps remove_bucket(const Context&, const Existing& existing) {
  return {storage_call("s3", "DeleteBucket", {{"Bucket", existing.physical_id}}, true)};
}

Step bucket_policy(const Json& properties) {
  Step step = storage_call("s3", "PutBucketPolicy", {{"Bucket", properties.value("Bucket", Json())}});
  step.input["Policy"] = document_text(properties.value("PolicyDocument", Json::object()));
  return step;
}
Steps create_bucket_policy(const Context&, const Json& properties) { return {bucket_policy(properties)}; }
Made made_bucket_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "Bucket")};
}
Steps update_bucket_policy(const Context&, const Existing&, const Json& wanted) {
  return {bucket_policy(wanted)};
}
Steps remove_bucket_policy(const Context&, const Existing& existing) {
  return {storage_call("s3", "DeleteBucketPolicy", {{"Bucket", existing.physical_id}}, true)};
}

std::string access_point_name(const Context& context, const Json& properties) {
  std::string name = context.name(properties, "Name", 50);
  if (property_text(properties, "Name").empty())
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

Json of_account(const Context& context, const std::string& name) {
  return {{"AccountId", context.account}, {"Name", name}};
}

Step access_point_policy(const Context& context, const std::string& name, const Json& properties) {
  Step step = storage_call("s3control", "PutAccessPointPolicy", of_account(context, name));
  step.input["Policy"] = document_text(properties["Policy"]);
  return step;
}

Steps create_access_point(const Context& context, const Json& properties) {
  const std::string name = access_point_name(context, properties);
  Json input = of_account(context, name);
  copy_properties(
      properties, input,
      {"Bucket", "BucketAccountId", "PublicAccessBlockConfiguration", "Tags", "VpcConfiguration"});
  Steps steps{storage_call("s3control", "CreateAccessPoint", std::move(input))};
  if (properties.contains("Policy")) steps.push_back(access_point_policy(context, name, properties));
  return steps;
}
Made made_access_point(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  const std::string name = access_point_name(context, properties);
  return {name,
          {{"Alias", property_text(outputs[0], "Alias")},
           {"Arn", property_text(outputs[0], "AccessPointArn")},
           {"Name", name},
           {"NetworkOrigin", properties.contains("VpcConfiguration") ? "VPC" : "Internet"}}};
}
Steps update_access_point(const Context& context, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  Steps steps;
  if (differs(existing.properties, wanted, "Policy")) {
    steps.push_back(wanted.contains("Policy")
                        ? access_point_policy(context, name, wanted)
                        : storage_call("s3control", "DeleteAccessPointPolicy", of_account(context, name)));
  }
  if (!differs(existing.properties, wanted, "Tags")) return steps;
  const Json now = tag_map(wanted.value("Tags", Json::array()));
  const Json about{{"AccountId", context.account},
                   {"ResourceArn", existing.attributes.value("Arn", std::string())}};
  Json gone = tags_gone(existing.properties, wanted);
  if (!gone.empty()) {
    steps.push_back(storage_call("s3control", "UntagResource", about));
    steps.back().input["TagKeys"] = std::move(gone);
  }
  if (!now.empty()) {
    steps.push_back(storage_call("s3control", "TagResource", about));
    steps.back().input["Tags"] = wanted["Tags"];
  }
  return steps;
}
Steps remove_access_point(const Context& context, const Existing& existing) {
  return {storage_call("s3control", "DeleteAccessPoint", of_account(context, existing.physical_id), true)};
}

/// Nothing behind it: `AWS::CDK::Metadata`.
Steps no_steps(const Context&, const Json&) { return {}; }
Made made_handle(const Context& context, const Json&, const std::vector<Json>&) {
  return {context.name(Json::object(), "Id", 128)};
}
Steps no_update(const Context&, const Existing&, const Json&) { return {}; }
Steps no_removal(const Context&, const Existing&) { return {}; }

}  // namespace

std::span<const ResourceType> storage_types() {
  static const ResourceType types[] = {
      {"AWS::S3::AccessPoint",
       {"Bucket", "BucketAccountId", "Name", "PublicAccessBlockConfiguration", "VpcConfiguration"},
       create_access_point,
       made_access_point,
       update_access_point,
       remove_access_point},
      {"AWS::S3::Bucket", {"BucketName"}, create_bucket, made_bucket, update_bucket, remove_bucket},
      {"AWS::S3::BucketPolicy",
       {"Bucket"},
       create_bucket_policy,
       made_bucket_policy,
       update_bucket_policy,
       remove_bucket_policy},
      {"AWS::CDK::Metadata", {}, no_steps, made_handle, no_update, no_removal},
  };
  return types;
}

}  // namespace aviary::cloudformation
