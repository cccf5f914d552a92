#include <cstdlib>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Kinesis::Stream. What hangs on streams is in types_attached.cpp.
namespace aviary::cloudformation {
namespace {

constexpr int usual_hours = 24;

Step stream_call(const char* operation, Json input, bool removes = false) {
  return {.service = "kinesis", .operation = operation, .input = std::move(input), .absent_is_fine = removes};
}

/// One change of a stream begins when the one before is through.
Step await_stream(const std::string& name) {
  Step step = stream_call("DescribeStreamSummary", {{"StreamName", name}});
  step.until = [](const Json& output, std::string&) {
    const Json summary = output.value("StreamDescriptionSummary", Json::object());
    return summary.value("StreamStatus", "") == "ACTIVE" ? Progress::Done : Progress::Waiting;
  };
  return step;
}

int hours_of(const Json& properties) {
  const std::string text = property_text(properties, "RetentionPeriodHours");
  return text.empty() ? usual_hours : std::atoi(text.c_str());
}

void change_retention(Steps& steps, const std::string& name, int before, int after) {
  if (before == after) return;
  steps.push_back(await_stream(name));
  steps.push_back(
      stream_call(after > before ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod",
                  {{"StreamName", name}, {"RetentionPeriodHours", after}}));
}

void change_encryption(Steps& steps, const std::string& name, const Json& before, const Json& after) {
  if (before == after) return;
  Json input = after.is_object() ? after : before;
  if (!input.is_object()) return;
  input["StreamName"] = name;
  steps.push_back(await_stream(name));
  steps.push_back(stream_call(after.is_object() ? "StartStreamEncryption" : "StopStreamEncryption", input));
}

Steps create_kinesis(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "Name", 128);
  Json input{{"StreamName", name}};
  copy_properties(properties, input, {"ShardCount", "StreamModeDetails", "MaxRecordSizeInKiB"});
  if (properties.contains("Tags")) input["Tags"] = tag_map(properties["Tags"]);
  // Neither says how much: one shard.
  if (!input.contains("ShardCount") && !input.contains("StreamModeDetails")) input["ShardCount"] = 1;
  Steps steps{stream_call("CreateStream", std::move(input))};
  change_retention(steps, name, usual_hours, hours_of(properties));
  change_encryption(steps, name, Json(), properties.value("StreamEncryption", Json()));
  return steps;
}
Made made_kinesis(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = context.name(properties, "Name", 128);
  return {name, {{"Arn", context.arn("kinesis", "stream/" + name)}}};
}
Steps update_kinesis(const Context& context, const Existing& existing, const Json& wanted) {
  const std::string& name = existing.physical_id;
  const std::string arn = context.arn("kinesis", "stream/" + name);
  Steps steps;
  if (differs(existing.properties, wanted, "StreamModeDetails")) {
    steps.push_back(await_stream(name));
    steps.push_back(stream_call(
        "UpdateStreamMode",
        {{"StreamARN", arn},
         {"StreamModeDetails", wanted.value("StreamModeDetails", Json{{"StreamMode", "PROVISIONED"}})}}));
  }
  if (differs(existing.properties, wanted, "ShardCount") && wanted.contains("ShardCount")) {
    steps.push_back(await_stream(name));
    steps.push_back(stream_call("UpdateShardCount", {{"StreamName", name},
                                                     {"TargetShardCount", wanted["ShardCount"]},
                                                     {"ScalingType", "UNIFORM_SCALING"}}));
  }
  change_retention(steps, name, hours_of(existing.properties), hours_of(wanted));
  change_encryption(steps, name, existing.properties.value("StreamEncryption", Json()),
                    wanted.value("StreamEncryption", Json()));
  if (differs(existing.properties, wanted, "Tags")) {
    const Json after = tag_map(wanted.value("Tags", Json::array()));
    Json gone = tags_gone(existing.properties, wanted);
    if (!gone.empty())
      steps.push_back(stream_call("UntagResource", {{"ResourceARN", arn}, {"TagKeys", gone}}));
    if (!after.empty()) steps.push_back(stream_call("TagResource", {{"ResourceARN", arn}, {"Tags", after}}));
  }
  return steps;
}
Steps remove_kinesis(const Context&, const Existing& existing) {
  return {stream_call("DeleteStream",
                      {{"StreamName", existing.physical_id}, {"EnforceConsumerDeletion", true}}, true)};
}

}  // namespace

std::span<const ResourceType> stream_types() {
  static const ResourceType types[] = {
      {"AWS::Kinesis::Stream", {"Name"}, create_kinesis, made_kinesis, update_kinesis, remove_kinesis},
  };
  return types;
}

}  // namespace aviary::cloudformation
