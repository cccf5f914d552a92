#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/cloudformation/core/drift.hpp"

/// Which types of resources can be read back for drift, and how.
namespace aviary::cloudformation {
namespace {

Step read_call(const char* service, const char* operation, Json input) {
  return {.service = service, .operation = operation, .input = std::move(input)};
}

/// `{"Key": "Value"}` as a template's list, without what the stack itself has put there.
Json own_tags(const Context& context, const Json& tags) {
  const Json of_stack = tag_map(context.stack_tags);
  Json list = Json::array();
  for (const auto& [key, value] : tags.items())
    if (!key.starts_with("aws:") && of_stack.value(key, Json()) != value)
      list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

Steps read_function(const Context&, const Existing& existing) {
  return {read_call("lambda", "GetFunction", {{"FunctionName", existing.physical_id}})};
}
Json actual_function(const Context& context, const std::vector<Json>& outputs) {
  const Json whole = outputs[0];
  Json out = whole.value("Configuration", Json::object());
  if (out.contains("KMSKeyArn")) out["KmsKeyArn"] = out["KMSKeyArn"];
  Json layers = Json::array();
  const Json given = out.value("Layers", Json::array());
  for (const Json& layer : given) layers.push_back(layer.value("Arn", ""));
  out["Layers"] = std::move(layers);
  const Json concurrency = whole.value("Concurrency", Json::object());
  if (concurrency.contains("ReservedConcurrentExecutions"))
    out["ReservedConcurrentExecutions"] = concurrency["ReservedConcurrentExecutions"];
  out["Tags"] = own_tags(context, whole.value("Tags", Json::object()));
  return out;
}

Steps read_version(const Context&, const Existing& existing) {
  return {read_call("lambda", "GetFunctionConfiguration", {{"FunctionName", existing.physical_id}})};
}

/// What is read has the properties' own names.
Json actual_first(const Context&, const std::vector<Json>& outputs) { return outputs[0]; }

Steps read_alias(const Context&, const Existing& existing) {
  return {read_call("lambda", "GetAlias",
                    {{"FunctionName", existing.properties.value("FunctionName", Json())},
                     {"Name", existing.properties.value("Name", Json())}})};
}
Json actual_alias(const Context&, const std::vector<Json>& outputs) {
  Json out = outputs[0];
  Json weights = Json::array();
  const Json routing = out.value("RoutingConfig", Json::object());
  const Json given = routing.value("AdditionalVersionWeights", Json::object());
  for (const auto& [version, weight] : given.items())
    weights.push_back({{"FunctionVersion", version}, {"FunctionWeight", weight}});
  // An alias that is shifted differs also when the template says nothing of weights.
  out["RoutingConfig"] = {{"AdditionalVersionWeights", std::move(weights)}};
  return out;
}

Steps read_queue(const Context&, const Existing& existing) {
  return {read_call("sqs", "GetQueueAttributes",
                    {{"QueueUrl", existing.physical_id}, {"AttributeNames", Json::array({"All"})}})};
}
Json actual_attributes(const Context&, const std::vector<Json>& outputs) {
  return outputs[0].value("Attributes", Json::object());
}

Steps read_topic(const Context&, const Existing& existing) {
  return {read_call("sns", "GetTopicAttributes", {{"TopicArn", existing.physical_id}})};
}

Steps read_alarm(const Context&, const Existing& existing) {
  Step step =
      read_call("cloudwatch", "DescribeAlarms", {{"AlarmNames", Json::array({existing.physical_id})}});
  return {std::move(step)};
}
Json actual_alarm(const Context&, const std::vector<Json>& outputs) {
  const Json alarms = outputs[0].value("MetricAlarms", Json::array());
  return alarms.empty() ? Json() : alarms[0];
}

Steps read_role(const Context&, const Existing& existing) {
  return {read_call("iam", "GetRole", {{"RoleName", existing.physical_id}}),
          read_call("iam", "ListAttachedRolePolicies", {{"RoleName", existing.physical_id}})};
}
Json actual_role(const Context&, const std::vector<Json>& outputs) {
  Json out = outputs[0].value("Role", Json::object());
  const std::string document = out.value("AssumeRolePolicyDocument", "");
  if (const std::optional<std::string> text = percent_decode(document))
    out["AssumeRolePolicyDocument"] = parse_bounded<Json>(*text);
  Json policies = Json::array();
  const Json attached = outputs[1].value("AttachedPolicies", Json::array());
  for (const Json& policy : attached) policies.push_back(policy.value("PolicyArn", ""));
  out["ManagedPolicyArns"] = std::move(policies);
  return out;
}

Steps read_ssm_parameter(const Context&, const Existing& existing) {
  return {read_call("ssm", "GetParameter", {{"Name", existing.physical_id}})};
}
Json actual_ssm_parameter(const Context&, const std::vector<Json>& outputs) {
  return outputs[0].value("Parameter", Json::object());
}

}  // namespace

const DriftReader* find_drift_reader(std::string_view type) {
  static const DriftReader readers[] = {
      {"AWS::Lambda::Function",
       {"Architectures", "DeadLetterConfig", "Description", "Environment", "EphemeralStorage",
        "FileSystemConfigs", "FunctionName", "Handler", "KmsKeyArn", "Layers", "LoggingConfig", "MemorySize",
        "PackageType", "ReservedConcurrentExecutions", "Role", "Runtime", "Tags", "Timeout", "TracingConfig"},
       read_function,
       actual_function},
      {"AWS::Lambda::Version", {"Description"}, read_version, actual_first},
      {"AWS::Lambda::Alias",
       {"Description", "FunctionVersion", "Name", "RoutingConfig"},
       read_alias,
       actual_alias},
      {"AWS::SQS::Queue",
       {"DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds",
        "RedrivePolicy", "VisibilityTimeout", "FifoQueue", "ContentBasedDeduplication"},
       read_queue,
       actual_attributes},
      {"AWS::SNS::Topic",
       {"DisplayName", "FifoTopic", "ContentBasedDeduplication"},
       read_topic,
       actual_attributes},
      {"AWS::CloudWatch::Alarm",
       {"ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "ComparisonOperator",
        "DatapointsToAlarm", "Dimensions", "EvaluationPeriods", "InsufficientDataActions", "MetricName",
        "Namespace", "OKActions", "Period", "Statistic", "Threshold", "TreatMissingData", "Unit"},
       read_alarm,
       actual_alarm},
      {"AWS::IAM::Role",
       {"AssumeRolePolicyDocument", "Description", "ManagedPolicyArns", "MaxSessionDuration", "Path",
        "RoleName"},
       read_role,
       actual_role},
      {"AWS::SSM::Parameter",
       {"DataType", "Name", "Type", "Value"},
       read_ssm_parameter,
       actual_ssm_parameter},
  };
  const auto found = std::ranges::find(readers, type, &DriftReader::type);
  if (found != std::end(readers)) return &*found;
  const std::span<const DriftReader> others = other_drift_readers();
  const auto other = std::ranges::find(others, type, &DriftReader::type);
  return other != others.end() ? &*other : nullptr;
}

}  // namespace aviary::cloudformation
