#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/cloudformation/core/drift.hpp"

/// How what is not of Lambda and its alarms is read back for drift: stores, streams, rules, users.
namespace aviary::cloudformation {
namespace {

Step look(const char* service, const char* operation, Json input) {
  return {.service = service, .operation = operation, .input = std::move(input)};
}

/// `out` gets members under the names that properties have.
void rename(const Json& from, Json& out, std::initializer_list<std::pair<const char*, const char*>> names) {
  for (const auto& [member, property] : names)
    if (from.contains(member)) out[property] = from[member];
}

Json policy_arns(const Json& output) {
  Json arns = Json::array();
  const Json attached = output.value("AttachedPolicies", Json::array());
  for (const Json& policy : attached) arns.push_back(policy.value("PolicyArn", ""));
  return arns;
}

Steps read_mapping(const Context&, const Existing& existing) {
  return {look("lambda", "GetEventSourceMapping", {{"UUID", existing.physical_id}})};
}
Json actual_mapping(const Context&, const std::vector<Json>& outputs) {
  Json out = outputs[0];
  const std::string state = out.value("State", "");
  out["Enabled"] = state == "Enabled" || state == "Enabling" || state == "Creating";
  return out;
}

Steps read_url(const Context&, const Existing& existing) {
  Json input{{"FunctionName", existing.properties.value("TargetFunctionArn", Json())}};
  copy_properties(existing.properties, input, {"Qualifier"});
  return {look("lambda", "GetFunctionUrlConfig", std::move(input))};
}
Json actual_whole(const Context&, const std::vector<Json>& outputs) { return outputs[0]; }

Steps read_log_group(const Context&, const Existing& existing) {
  return {look("logs", "DescribeLogGroups", {{"logGroupNamePrefix", existing.physical_id}})};
}
Json actual_log_group(const Context&, const std::vector<Json>& outputs) {
  // Of those that begin so the shortest, which is the first, is the one itself.
  const Json groups = outputs[0].value("logGroups", Json::array());
  if (groups.empty()) return Json();
  Json out = Json::object();
  rename(
      groups[0], out,
      {{"logGroupName", "LogGroupName"}, {"retentionInDays", "RetentionInDays"}, {"kmsKeyId", "KmsKeyId"}});
  return out;
}

Steps read_stream(const Context&, const Existing& existing) {
  return {look("kinesis", "DescribeStreamSummary", {{"StreamName", existing.physical_id}})};
}
Json actual_stream(const Context&, const std::vector<Json>& outputs) {
  Json out = Json::object();
  rename(outputs[0].value("StreamDescriptionSummary", Json::object()), out,
         {{"StreamName", "Name"},
          {"OpenShardCount", "ShardCount"},
          {"RetentionPeriodHours", "RetentionPeriodHours"},
          {"StreamModeDetails", "StreamModeDetails"}});
  return out;
}

Steps read_bucket(const Context&, const Existing& existing) {
  return {look("s3", "GetBucketVersioning", {{"Bucket", existing.physical_id}})};
}
Json actual_bucket(const Context&, const std::vector<Json>& outputs) {
  Json versioning = Json::object();
  rename(outputs[0], versioning, {{"Status", "Status"}});
  return {{"VersioningConfiguration", std::move(versioning)}};
}

Steps read_rule(const Context&, const Existing& existing) {
  Json input{{"Name", existing.physical_id}};
  copy_properties(existing.properties, input, {"EventBusName"});
  return {look("events", "DescribeRule", std::move(input))};
}

Steps read_bus(const Context&, const Existing& existing) {
  return {look("events", "DescribeEventBus", {{"Name", existing.physical_id}})};
}

Steps read_user(const Context&, const Existing& existing) {
  return {look("iam", "GetUser", {{"UserName", existing.physical_id}}),
          look("iam", "ListAttachedUserPolicies", {{"UserName", existing.physical_id}})};
}
Json actual_user(const Context&, const std::vector<Json>& outputs) {
  Json out = outputs[0].value("User", Json::object());
  out["ManagedPolicyArns"] = policy_arns(outputs[1]);
  return out;
}

Steps read_policy(const Context&, const Existing& existing) {
  Step version = look("iam", "GetPolicyVersion", {{"PolicyArn", existing.physical_id}});
  version.fill = [](Json& input, const std::vector<Json>& outputs) {
    input["VersionId"] = outputs[0].value("Policy", Json::object()).value("DefaultVersionId", "");
  };
  return {look("iam", "GetPolicy", {{"PolicyArn", existing.physical_id}}), std::move(version)};
}
Json actual_policy(const Context&, const std::vector<Json>& outputs) {
  Json out = Json::object();
  rename(outputs[0].value("Policy", Json::object()), out,
         {{"PolicyName", "ManagedPolicyName"}, {"Description", "Description"}, {"Path", "Path"}});
  const std::string document = outputs[1].value("PolicyVersion", Json::object()).value("Document", "");
  if (const std::optional<std::string> text = percent_decode(document))
    out["PolicyDocument"] = parse_bounded<Json>(*text);
  return out;
}

Steps read_secret(const Context&, const Existing& existing) {
  return {look("secretsmanager", "DescribeSecret", {{"SecretId", existing.physical_id}})};
}
Json actual_secret(const Context&, const std::vector<Json>& outputs) {
  return outputs[0].contains("DeletedDate") ? Json() : outputs[0];
}

Steps read_composite(const Context&, const Existing& existing) {
  return {look("cloudwatch", "DescribeAlarms",
               {{"AlarmNames", Json::array({existing.physical_id})},
                {"AlarmTypes", Json::array({"CompositeAlarm"})}})};
}
Json actual_composite(const Context&, const std::vector<Json>& outputs) {
  const Json alarms = outputs[0].value("CompositeAlarms", Json::array());
  return alarms.empty() ? Json() : alarms[0];
}

}  // namespace

std::span<const DriftReader> other_drift_readers() {
  static const DriftReader readers[] = {
      {"AWS::Lambda::EventSourceMapping",
       {"BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled", "EventSourceArn",
        "FilterCriteria", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "ParallelizationFactor", "ScalingConfig",
        "StartingPosition", "TumblingWindowInSeconds"},
       read_mapping,
       actual_mapping},
      {"AWS::Lambda::Url", {"AuthType", "Cors", "InvokeMode"}, read_url, actual_whole},
      {"AWS::Logs::LogGroup",
       {"LogGroupName", "RetentionInDays", "KmsKeyId"},
       read_log_group,
       actual_log_group},
      {"AWS::Kinesis::Stream",
       {"Name", "ShardCount", "RetentionPeriodHours", "StreamModeDetails"},
       read_stream,
       actual_stream},
      {"AWS::S3::Bucket", {"VersioningConfiguration"}, read_bucket, actual_bucket},
      {"AWS::Events::Rule",
       {"Name", "Description", "EventPattern", "ScheduleExpression", "State"},
       read_rule,
       actual_whole},
      {"AWS::Events::EventBus", {"Name", "Description"}, read_bus, actual_whole},
      {"AWS::IAM::User", {"UserName", "Path", "ManagedPolicyArns"}, read_user, actual_user},
      {"AWS::IAM::ManagedPolicy",
       {"ManagedPolicyName", "Description", "Path", "PolicyDocument"},
       read_policy,
       actual_policy},
      {"AWS::SecretsManager::Secret", {"Name", "Description", "KmsKeyId"}, read_secret, actual_secret},
      {"AWS::CloudWatch::CompositeAlarm",
       {"ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "AlarmRule",
        "InsufficientDataActions", "OKActions"},
       read_composite,
       actual_composite},
  };
  return readers;
}

}  // namespace aviary::cloudformation
