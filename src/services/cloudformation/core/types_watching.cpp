#include <fmt/format.h>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::CloudWatch::*, AWS::Logs::*, AWS::CodeDeploy::*
namespace aviary::cloudformation {
namespace {

Step watching_call(std::string service, std::string operation, Json input, bool removes = false) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

Json alarm_input(const std::string& name, const Json& properties) {
  Json input = properties;
  input["AlarmName"] = name;
  return input;
}
Steps create_alarm(const Context& context, const Json& properties) {
  return {watching_call("cloudwatch", "PutMetricAlarm",
                        alarm_input(context.name(properties, "AlarmName", 255), properties))};
}
Made made_alarm(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = context.name(properties, "AlarmName", 255);
  return {name, {{"Arn", context.arn("cloudwatch", "alarm:" + name)}}};
}
Steps update_alarm(const Context&, const Existing& existing, const Json& wanted) {
  return {watching_call("cloudwatch", "PutMetricAlarm", alarm_input(existing.physical_id, wanted))};
}
Steps remove_alarm(const Context&, const Existing& existing) {
  return {watching_call("cloudwatch", "DeleteAlarms", {{"AlarmNames", Json::array({existing.physical_id})}},
                        true)};
}
Steps create_composite(const Context& context, const Json& properties) {
  return {watching_call("cloudwatch", "PutCompositeAlarm",
                        alarm_input(context.name(properties, "AlarmName", 255), properties))};
}
Steps update_composite(const Context&, const Existing& existing, const Json& wanted) {
  return {watching_call("cloudwatch", "PutCompositeAlarm", alarm_input(existing.physical_id, wanted))};
}

Steps put_dashboard(const std::string& name, const Json& properties) {
  return {watching_call("cloudwatch", "PutDashboard",
                        {{"DashboardName", name},
                         {"DashboardBody", document_text(properties.value("DashboardBody", Json("")))}})};
}
Steps create_dashboard(const Context& context, const Json& properties) {
  return put_dashboard(context.name(properties, "DashboardName", 255), properties);
}
Made made_dashboard(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "DashboardName", 255), Json::object()};
}
Steps update_dashboard(const Context&, const Existing& existing, const Json& wanted) {
  return put_dashboard(existing.physical_id, wanted);
}
Steps remove_dashboard(const Context&, const Existing& existing) {
  return {watching_call("cloudwatch", "DeleteDashboards",
                        {{"DashboardNames", Json::array({existing.physical_id})}}, true)};
}

Json group_input(const std::string& name, const Json& properties) {
  Json input{{"logGroupName", name}};
  if (properties.contains("KmsKeyId")) input["kmsKeyId"] = properties["KmsKeyId"];
  if (properties.contains("LogGroupClass")) input["logGroupClass"] = properties["LogGroupClass"];
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return input;
}
Steps create_group(const Context& context, const Json& properties) {
  const std::string name = context.name(properties, "LogGroupName", 512);
  Steps steps{watching_call("logs", "CreateLogGroup", group_input(name, properties))};
  if (properties.contains("RetentionInDays"))
    steps.push_back(
        watching_call("logs", "PutRetentionPolicy",
                      {{"logGroupName", name}, {"retentionInDays", properties["RetentionInDays"]}}));
  return steps;
}
Made made_group(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = context.name(properties, "LogGroupName", 512);
  return {name, {{"Arn", context.arn("logs", "log-group:" + name + ":*")}}};
}
Steps update_group(const Context&, const Existing& existing, const Json& wanted) {
  if (wanted.contains("RetentionInDays"))
    return {watching_call(
        "logs", "PutRetentionPolicy",
        {{"logGroupName", existing.physical_id}, {"retentionInDays", wanted["RetentionInDays"]}})};
  return {watching_call("logs", "DeleteRetentionPolicy", {{"logGroupName", existing.physical_id}})};
}
Steps remove_group(const Context&, const Existing& existing) {
  return {watching_call("logs", "DeleteLogGroup", {{"logGroupName", existing.physical_id}}, true)};
}

Steps create_stream(const Context& context, const Json& properties) {
  return {watching_call("logs", "CreateLogStream",
                        {{"logGroupName", properties.value("LogGroupName", Json())},
                         {"logStreamName", context.name(properties, "LogStreamName", 512)}})};
}
Made made_stream(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "LogStreamName", 512)};
}
Steps remove_stream(const Context&, const Existing& existing) {
  return {watching_call("logs", "DeleteLogStream",
                        {{"logGroupName", existing.properties.value("LogGroupName", Json())},
                         {"logStreamName", existing.physical_id}},
                        true)};
}

Json filter_input(const std::string& name, const Json& properties) {
  Json input = with_small_letters(properties);
  input["filterName"] = name;
  return input;
}
Steps create_subscription_filter(const Context& context, const Json& properties) {
  return {watching_call("logs", "PutSubscriptionFilter",
                        filter_input(context.name(properties, "FilterName", 512), properties))};
}
Made made_filter(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "FilterName", 512)};
}
Steps update_subscription_filter(const Context&, const Existing& existing, const Json& wanted) {
  return {watching_call("logs", "PutSubscriptionFilter", filter_input(existing.physical_id, wanted))};
}
Steps remove_subscription_filter(const Context&, const Existing& existing) {
  return {watching_call("logs", "DeleteSubscriptionFilter",
                        {{"logGroupName", existing.properties.value("LogGroupName", Json())},
                         {"filterName", existing.physical_id}},
                        true)};
}
Json metric_filter_input(const std::string& name, const Json& properties) {
  Json input = filter_input(name, properties);
  // Dimensions are a map for the service, a list of pairs in templates.
  for (Json& transformation : input["metricTransformations"]) {
    if (!transformation.contains("dimensions")) continue;
    Json dimensions = Json::object();
    for (const Json& each : transformation["dimensions"])
      dimensions[property_text(each, "key")] = property_text(each, "value");
    transformation["dimensions"] = std::move(dimensions);
  }
  return input;
}
Steps create_metric_filter(const Context& context, const Json& properties) {
  return {watching_call("logs", "PutMetricFilter",
                        metric_filter_input(context.name(properties, "FilterName", 512), properties))};
}
Steps update_metric_filter(const Context&, const Existing& existing, const Json& wanted) {
  return {watching_call("logs", "PutMetricFilter", metric_filter_input(existing.physical_id, wanted))};
}
Steps remove_metric_filter(const Context&, const Existing& existing) {
  return {watching_call("logs", "DeleteMetricFilter",
                        {{"logGroupName", existing.properties.value("LogGroupName", Json())},
                         {"filterName", existing.physical_id}},
                        true)};
}

Json small_without_tags(const Json& properties) {
  Json input = with_small_letters(properties);
  if (properties.contains("Tags")) input["tags"] = properties["Tags"];
  return input;
}
Steps create_application(const Context& context, const Json& properties) {
  Json input = small_without_tags(properties);
  input["applicationName"] = context.name(properties, "ApplicationName", 100);
  return {watching_call("codedeploy", "CreateApplication", std::move(input))};
}
Made made_application(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "ApplicationName", 100)};
}
Steps update_application(const Context&, const Existing&, const Json&) { return {}; }
Steps remove_application(const Context&, const Existing& existing) {
  return {
      watching_call("codedeploy", "DeleteApplication", {{"applicationName", existing.physical_id}}, true)};
}

/// A trigger may be spelled `{DeploymentEventFilter: {EventTriggerEvents: […]}}`, as guides have it; one that
/// names no topic has nobody to tell.
void settle_triggers(Json& input) {
  if (!input.contains("triggerConfigurations")) return;
  Json triggers = Json::array();
  for (Json trigger : input["triggerConfigurations"]) {
    if (trigger.contains("deploymentEventFilter")) {
      trigger["triggerEvents"] = trigger["deploymentEventFilter"].value("eventTriggerEvents", Json::array());
      trigger.erase("deploymentEventFilter");
    }
    if (trigger.contains("triggerTargetArn")) triggers.push_back(std::move(trigger));
  }
  input["triggerConfigurations"] = std::move(triggers);
}

Steps create_deployment_group(const Context& context, const Json& properties) {
  Json input = small_without_tags(properties);
  settle_triggers(input);
  input["deploymentGroupName"] = context.name(properties, "DeploymentGroupName", 100);
  return {watching_call("codedeploy", "CreateDeploymentGroup", std::move(input))};
}
Made made_deployment_group(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  return {context.name(properties, "DeploymentGroupName", 100),
          {{"Id", outputs[0].value("deploymentGroupId", "")}}};
}
Steps update_deployment_group(const Context&, const Existing& existing, const Json& wanted) {
  Json input = with_small_letters(wanted);
  settle_triggers(input);
  input.erase("tags");
  input.erase("deploymentGroupName");
  input["currentDeploymentGroupName"] = existing.physical_id;
  // What is no longer said is taken away.
  for (const char* list : {"triggerConfigurations"})
    if (!input.contains(list)) input[list] = Json::array();
  if (!input.contains("alarmConfiguration"))
    input["alarmConfiguration"] = {{"enabled", false}, {"alarms", Json::array()}};
  return {watching_call("codedeploy", "UpdateDeploymentGroup", std::move(input))};
}
Steps remove_deployment_group(const Context&, const Existing& existing) {
  return {watching_call("codedeploy", "DeleteDeploymentGroup",
                        {{"applicationName", existing.properties.value("ApplicationName", Json())},
                         {"deploymentGroupName", existing.physical_id}},
                        true)};
}
Steps create_deployment_config(const Context& context, const Json& properties) {
  Json input = with_small_letters(properties);
  input["deploymentConfigName"] = context.name(properties, "DeploymentConfigName", 100);
  return {watching_call("codedeploy", "CreateDeploymentConfig", std::move(input))};
}
Made made_deployment_config(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.name(properties, "DeploymentConfigName", 100)};
}
Steps remove_deployment_config(const Context&, const Existing& existing) {
  return {watching_call("codedeploy", "DeleteDeploymentConfig",
                        {{"deploymentConfigName", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> watching_types() {
  static const ResourceType types[] = {
      {"AWS::CloudWatch::Alarm", {"AlarmName"}, create_alarm, made_alarm, update_alarm, remove_alarm},
      {"AWS::CloudWatch::CompositeAlarm",
       {"AlarmName"},
       create_composite,
       made_alarm,
       update_composite,
       remove_alarm},
      {"AWS::CloudWatch::Dashboard",
       {"DashboardName"},
       create_dashboard,
       made_dashboard,
       update_dashboard,
       remove_dashboard},
      {"AWS::Logs::LogGroup", {"LogGroupName"}, create_group, made_group, update_group, remove_group},
      {"AWS::Logs::LogStream", {}, create_stream, made_stream, nullptr, remove_stream},
      {"AWS::Logs::SubscriptionFilter",
       {"LogGroupName", "FilterName"},
       create_subscription_filter,
       made_filter,
       update_subscription_filter,
       remove_subscription_filter},
      {"AWS::Logs::MetricFilter",
       {"LogGroupName", "FilterName"},
       create_metric_filter,
       made_filter,
       update_metric_filter,
       remove_metric_filter},
      {"AWS::CodeDeploy::Application",
       {"ApplicationName", "ComputePlatform"},
       create_application,
       made_application,
       update_application,
       remove_application},
      {"AWS::CodeDeploy::DeploymentGroup",
       {"ApplicationName", "DeploymentGroupName"},
       create_deployment_group,
       made_deployment_group,
       update_deployment_group,
       remove_deployment_group},
      {"AWS::CodeDeploy::DeploymentConfig",
       {},
       create_deployment_config,
       made_deployment_config,
       nullptr,
       remove_deployment_config},
  };
  return types;
}

}  // namespace aviary::cloudformation
