#include "services/cloudformation/core/taken_names.hpp"

namespace aviary::cloudformation {
namespace {

Json bucket_input(const Context&, const Json& properties) {
  return {{"Bucket", property_text(properties, "BucketName")}};
}
Json queue_input(const Context&, const Json& properties) {
  return {{"QueueName", property_text(properties, "QueueName")}};
}
Json topic_input(const Context& context, const Json& properties) {
  return {{"TopicArn", context.arn("sns", property_text(properties, "TopicName"))}};
}
Json rule_input(const Context&, const Json& properties) {
  Json input{{"Name", property_text(properties, "Name")}};
  if (const std::string bus = property_text(properties, "EventBusName"); !bus.empty())
    input["EventBusName"] = bus;
  return input;
}
Json alarm_input(const Context&, const Json& properties) {
  return {{"AlarmNames", Json::array({property_text(properties, "AlarmName")})},
          {"AlarmTypes", Json::array({"MetricAlarm", "CompositeAlarm"})}};
}
Json dashboard_input(const Context&, const Json& properties) {
  return {{"DashboardName", property_text(properties, "DashboardName")}};
}

struct Row {
  std::string_view type;
  const char* property;
  const char* service;
  const char* operation;
  Json (*input)(const Context&, const Json&);
  const char* list = nullptr;
};
constexpr Row rows[] = {
    {"AWS::S3::Bucket", "BucketName", "s3", "GetBucketLocation", bucket_input},
    {"AWS::SQS::Queue", "QueueName", "sqs", "GetQueueUrl", queue_input},
    {"AWS::SNS::Topic", "TopicName", "sns", "GetTopicAttributes", topic_input},
    {"AWS::Events::Rule", "Name", "events", "DescribeRule", rule_input},
    {"AWS::CloudWatch::Alarm", "AlarmName", "cloudwatch", "DescribeAlarms", alarm_input, "MetricAlarms"},
    {"AWS::CloudWatch::CompositeAlarm", "AlarmName", "cloudwatch", "DescribeAlarms", alarm_input,
     "CompositeAlarms"},
    {"AWS::CloudWatch::Dashboard", "DashboardName", "cloudwatch", "GetDashboard", dashboard_input},
};

}  // namespace

std::optional<NameCheck> name_check(const Context& context, std::string_view type, const Json& properties) {
  for (const Row& row : rows) {
    if (row.type != type) continue;
    std::string name = property_text(properties, row.property);
    if (name.empty()) return std::nullopt;
    Step step{.service = row.service, .operation = row.operation, .input = row.input(context, properties)};
    return NameCheck{std::move(name), std::move(step), row.list};
  }
  return std::nullopt;
}

}  // namespace aviary::cloudformation
