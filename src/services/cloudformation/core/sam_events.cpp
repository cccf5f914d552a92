#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "services/cloudformation/core/sam_function.hpp"

/// The Events of a function.
namespace aviary::cloudformation {
namespace {

struct Event {
  std::string id;  ///< logical id: function + event
  std::string type;
  Json properties = Json::object();
};

Json property_of(const Event& event, const char* name) { return event.properties.value(name, Json()); }

/// What delivers to the function by its ARN.
Json arn_of(const SamTarget& target) {
  return target.invoked == target.function ? sam_att(target.function, "Arn") : sam_ref(target.invoked);
}

void copy_members(const Json& from, Json& to, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (from.contains(name) && !from[name].is_null()) to[name] = from[name];
}

Json with_condition(const SamTarget& target, const char* type, Json properties) {
  Json made{{"Type", type}, {"Properties", std::move(properties)}};
  if (!target.condition.empty()) made["Condition"] = target.condition;
  return made;
}

void add_permission(SamDraft& draft, const SamTarget& target, const std::string& id, const char* principal,
                    Json source_arn, bool by_account = false) {
  Json permission{{"Action", "lambda:InvokeFunction"},
                  {"FunctionName", sam_ref(target.invoked)},
                  {"Principal", principal}};
  if (by_account) {
    permission["SourceAccount"] = sam_ref("AWS::AccountId");
  } else {
    permission["SourceArn"] = std::move(source_arn);
  }
  draft.resources[id + "Permission"] =
      with_condition(target, "AWS::Lambda::Permission", std::move(permission));
}

/// A queue of SAM's own with the policy that lets the source send to it.
void add_queue(SamDraft& draft, const SamTarget& target, const std::string& id, const std::string& policy_id,
               const Json& principal, const Json& source_arn) {
  draft.resources[id] = with_condition(target, "AWS::SQS::Queue", Json::object());
  Json policy{
      {"PolicyDocument",
       {{"Version", "2012-10-17"},
        {"Statement", Json::array({{{"Action", "sqs:SendMessage"},
                                    {"Effect", "Allow"},
                                    {"Principal", principal},
                                    {"Resource", sam_att(id, "Arn")},
                                    {"Condition", {{"ArnEquals", {{"aws:SourceArn", source_arn}}}}}}})}}},
      {"Queues", Json::array({sam_ref(id)})}};
  draft.resources[policy_id] = with_condition(target, "AWS::SQS::QueuePolicy", std::move(policy));
}

/// Queues and streams that Lambda reads itself.
void expand_mapping(SamDraft& draft, const SamTarget& target, const Event& event, const char* source,
                    const char* managed_policy) {
  Json mapping{{"EventSourceArn", property_of(event, source)}, {"FunctionName", sam_ref(target.invoked)}};
  if (mapping["EventSourceArn"].is_null()) {
    draft.refuse(
        target.function,
        fmt::format("Event with id [{}] is invalid. No {} provided.", event.id.substr(target.function.size()),
                    "Queue (for SQS) or Stream (for Kinesis, DynamoDB or MSK) or Broker (for Amazon MQ)"));
    return;
  }
  copy_members(
      event.properties, mapping,
      {"BatchSize", "BisectBatchOnFunctionError", "Enabled", "MaximumBatchingWindowInSeconds",
       "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "ParallelizationFactor", "StartingPosition",
       "StartingPositionTimestamp", "TumblingWindowInSeconds", "FunctionResponseTypes", "FilterCriteria",
       "ScalingConfig", "KmsKeyArn", "MetricsConfig", "ProvisionedPollerConfig"});
  const Json failure = property_of(event, "DestinationConfig").is_object()
                           ? property_of(event, "DestinationConfig").value("OnFailure", Json())
                           : Json();
  if (failure.is_object()) {
    const std::string type = failure.value("Type", std::string());
    const Json destination = failure.value("Destination", Json());
    mapping["DestinationConfig"]["OnFailure"] = Json::object();
    if (!destination.is_null()) mapping["DestinationConfig"]["OnFailure"]["Destination"] = destination;
    if (type == "SQS" || type == "SNS")
      target.role_inline->push_back(
          {{"PolicyName", event.id + type + "Policy"},
           {"PolicyDocument",
            {{"Statement", Json::array({{{"Action", type == "SQS" ? "sqs:SendMessage" : "sns:publish"},
                                         {"Effect", "Allow"},
                                         {"Resource", destination}}})}}}});
  }
  const std::string arn = fmt::format("arn:aws:iam::aws:policy/service-role/{}", managed_policy);
  if (std::ranges::find(*target.role_policies, Json(arn)) == target.role_policies->end())
    target.role_policies->push_back(arn);
  draft.resources[event.id] = with_condition(target, "AWS::Lambda::EventSourceMapping", std::move(mapping));
}

void expand_topic(SamDraft& draft, const SamTarget& target, const Event& event) {
  const Json topic = property_of(event, "Topic");
  Json subscription{{"TopicArn", topic}};
  copy_members(event.properties, subscription,
               {"FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "Region"});
  const Json by_queue = property_of(event, "SqsSubscription");
  if (by_queue.is_null() || by_queue == Json(false)) {
    subscription["Endpoint"] = arn_of(target);
    subscription["Protocol"] = "lambda";
    add_permission(draft, target, event.id, "sns.amazonaws.com", topic);
  } else {
    const bool own = !by_queue.is_object();
    const std::string queue = event.id + "Queue";
    const Json queue_arn = own ? sam_att(queue, "Arn") : by_queue.value("QueueArn", Json());
    if (own) {
      add_queue(draft, target, queue, event.id + "QueuePolicy", "*", topic);
    } else {
      Json policy{
          {"PolicyDocument",
           {{"Version", "2012-10-17"},
            {"Statement", Json::array({{{"Action", "sqs:SendMessage"},
                                        {"Effect", "Allow"},
                                        {"Principal", "*"},
                                        {"Resource", queue_arn},
                                        {"Condition", {{"ArnEquals", {{"aws:SourceArn", topic}}}}}}})}}},
          {"Queues", Json::array({by_queue.value("QueueUrl", Json())})}};
      draft.resources[by_queue.value("QueuePolicyLogicalId", event.id + "QueuePolicy")] =
          with_condition(target, "AWS::SQS::QueuePolicy", std::move(policy));
    }
    subscription["Endpoint"] = queue_arn;
    subscription["Protocol"] = "sqs";
    Json mapping{{"BatchSize", own ? Json(10) : by_queue.value("BatchSize", Json(10))},
                 {"Enabled", own ? Json(true) : by_queue.value("Enabled", Json(true))},
                 {"EventSourceArn", queue_arn},
                 {"FunctionName", sam_ref(target.invoked)}};
    draft.resources[event.id + "EventSourceMapping"] =
        with_condition(target, "AWS::Lambda::EventSourceMapping", std::move(mapping));
    const Json arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole";
    if (std::ranges::find(*target.role_policies, arn) == target.role_policies->end())
      target.role_policies->push_back(arn);
  }
  draft.resources[event.id] = with_condition(target, "AWS::SNS::Subscription", std::move(subscription));
}

/// Schedules and event patterns: a rule of EventBridge.
void expand_rule(SamDraft& draft, const SamTarget& target, const Event& event, bool scheduled) {
  Json rule = Json::object();
  if (scheduled) {
    rule["ScheduleExpression"] = property_of(event, "Schedule");
    copy_members(event.properties, rule, {"Name", "Description", "State", "RoleArn"});
  } else {
    rule["EventPattern"] = event.properties.contains("Pattern") ? event.properties["Pattern"]
                                                                : property_of(event, "EventPattern");
    copy_members(event.properties, rule, {"EventBusName", "State"});
    if (event.properties.contains("RuleName")) rule["Name"] = event.properties["RuleName"];
  }
  if (const Json enabled = property_of(event, "Enabled"); !enabled.is_null() && !rule.contains("State"))
    rule["State"] = enabled == Json(false) || enabled == Json("false") ? "DISABLED" : "ENABLED";
  Json one{{"Arn", arn_of(target)}, {"Id", event.id + "LambdaTarget"}};
  if (const Json own = property_of(event, "Target"); own.is_object() && own.contains("Id"))
    one["Id"] = own["Id"];
  copy_members(event.properties, one, {"Input", "InputPath", "RetryPolicy", "InputTransformer"});
  if (const Json dead = property_of(event, "DeadLetterConfig"); dead.is_object()) {
    if (dead.value("Type", std::string()) == "SQS") {
      const std::string queue = dead.value("QueueLogicalId", event.id + "Queue");
      add_queue(draft, target, queue, event.id + "QueuePolicy", {{"Service", "events.amazonaws.com"}},
                sam_att(event.id, "Arn"));
      one["DeadLetterConfig"] = {{"Arn", sam_att(queue, "Arn")}};
    } else {
      one["DeadLetterConfig"] = {{"Arn", dead.value("Arn", Json())}};
    }
  }
  rule["Targets"] = Json::array({std::move(one)});
  draft.resources[event.id] = with_condition(target, "AWS::Events::Rule", std::move(rule));
  add_permission(draft, target, event.id, "events.amazonaws.com", sam_att(event.id, "Arn"));
}

/// A schedule of EventBridge Scheduler, with the role that it takes on.
void expand_schedule_v2(SamDraft& draft, const SamTarget& target, const Event& event) {
  const std::string own_id = event.id.substr(target.function.size());
  const auto refuse = [&](std::string_view text) {
    draft.refuse(target.function, fmt::format("Event with id [{}] is invalid. {}", own_id, text));
  };
  if (!event.properties.contains("ScheduleExpression"))
    return refuse("Missing required property 'ScheduleExpression'.");
  Json schedule = Json::object();
  copy_members(event.properties, schedule,
               {"ScheduleExpression", "State", "Name", "Description", "FlexibleTimeWindow", "StartDate",
                "EndDate", "ScheduleExpressionTimezone", "GroupName", "KmsKeyArn"});
  const bool unnamed = property_of(event, "OmitName") == Json(true);
  if (unnamed && schedule.contains("Name")) return refuse("Name cannot be set when OmitName is True");
  if (!unnamed && !schedule.contains("Name")) schedule["Name"] = event.id;
  if (!schedule.contains("FlexibleTimeWindow")) schedule["FlexibleTimeWindow"] = {{"Mode", "OFF"}};
  Json runs{{"Arn", arn_of(target)}};
  copy_members(event.properties, runs, {"Input", "RetryPolicy"});
  const auto may = [&](const char* action, const char* name, const Json& resource) -> Json {
    return {
        {"PolicyName", event.id + name},
        {"PolicyDocument",
         {{"Statement", Json::array({{{"Action", action}, {"Effect", "Allow"}, {"Resource", resource}}})}}}};
  };
  Json policies = Json::array({may("lambda:InvokeFunction", "LambdaPolicy", arn_of(target))});
  if (const Json dead = property_of(event, "DeadLetterConfig"); dead.is_object()) {
    Json arn = dead.value("Arn", Json());
    if (arn.is_null()) {
      if (dead.value("Type", Json()) != Json("SQS"))
        return refuse("No 'Arn' or 'Type' property provided for DeadLetterConfig");
      const std::string queue = dead.value("QueueLogicalId", event.id + "Queue");
      draft.resources[queue] = with_condition(target, "AWS::SQS::Queue", Json::object());
      arn = sam_att(queue, "Arn");
    }
    policies.push_back(may("sqs:SendMessage", "SQSPolicy", arn));
    runs["DeadLetterConfig"] = {{"Arn", std::move(arn)}};
  }
  Json role_arn = property_of(event, "RoleArn");
  if (role_arn.is_null()) {
    const std::string role = event.id + "Role";
    Json properties{
        {"AssumeRolePolicyDocument",
         {{"Version", "2012-10-17"},
          {"Statement",
           Json::array({{{"Action", Json::array({"sts:AssumeRole"})},
                         {"Effect", "Allow"},
                         {"Principal", {{"Service", Json::array({"scheduler.amazonaws.com"})}}}}})}}},
        {"Policies", std::move(policies)}};
    copy_members(event.properties, properties, {"PermissionsBoundary"});
    draft.resources[role] = with_condition(target, "AWS::IAM::Role", std::move(properties));
    role_arn = sam_att(role, "Arn");
  }
  runs["RoleArn"] = std::move(role_arn);
  schedule["Target"] = std::move(runs);
  draft.resources[event.id] = with_condition(target, "AWS::Scheduler::Schedule", std::move(schedule));
}

void expand_logs(SamDraft& draft, const SamTarget& target, const Event& event) {
  const Json group = property_of(event, "LogGroupName");
  const Json arn{
      {"Fn::Sub",
       Json::array({"arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*",
                    {{"__LogGroupName__", group}}})}};
  add_permission(draft, target, event.id, "logs.amazonaws.com", arn);
  Json filter{{"LogGroupName", group},
              {"FilterPattern", event.properties.value("FilterPattern", Json(""))},
              {"DestinationArn", arn_of(target)}};
  Json made = with_condition(target, "AWS::Logs::SubscriptionFilter", std::move(filter));
  made["DependsOn"] = Json::array({event.id + "Permission"});
  draft.resources[event.id] = std::move(made);
}

void expand_bucket(SamDraft& draft, const SamTarget& target, const Event& event) {
  const Json bucket = property_of(event, "Bucket");
  const std::string name = bucket.is_object() && bucket.contains("Ref") && bucket["Ref"].is_string()
                               ? bucket["Ref"].get<std::string>()
                               : std::string();
  if (name.empty() || !draft.resources.contains(name)) {
    draft.refuse(
        target.function,
        fmt::format(
            "Event with id [{}] is invalid. S3 events must reference an S3 bucket in the same template.",
            event.id.substr(target.function.size())));
    return;
  }
  add_permission(draft, target, event.id, "s3.amazonaws.com", nullptr, true);
  Json& resource = draft.resources[name];
  Json& depends = resource["DependsOn"];
  if (depends.is_string()) depends = Json::array({depends});
  if (!depends.is_array()) depends = Json::array();
  if (target.condition.empty()) {
    depends.push_back(event.id + "Permission");
  }
  if (depends.empty()) resource.erase("DependsOn");
  const Json events = property_of(event, "Events");
  for (const Json& each : events.is_array() ? events : Json::array({events})) {
    Json configuration{{"Function", arn_of(target)}, {"Event", each}};
    if (event.properties.contains("Filter")) configuration["Filter"] = event.properties["Filter"];
    resource["Properties"]["NotificationConfiguration"]["LambdaConfigurations"].push_back(
        std::move(configuration));
  }
}

}  // namespace

void expand_events(SamDraft& draft, const SamTarget& target, const Json& events) {
  if (!events.is_object()) return;
  for (const auto& [name, definition] : events.items()) {
    const Event event{.id = target.function + name,
                      .type = definition.value("Type", std::string()),
                      .properties = definition.value("Properties", Json::object())};
    if (event.type == "SQS") {
      expand_mapping(draft, target, event, "Queue", "AWSLambdaSQSQueueExecutionRole");
    } else if (event.type == "Kinesis") {
      expand_mapping(draft, target, event, "Stream", "AWSLambdaKinesisExecutionRole");
    } else if (event.type == "DynamoDB") {
      expand_mapping(draft, target, event, "Stream", "AWSLambdaDynamoDBExecutionRole");
    } else if (event.type == "SNS") {
      expand_topic(draft, target, event);
    } else if (event.type == "Schedule") {
      expand_rule(draft, target, event, true);
    } else if (event.type == "ScheduleV2") {
      expand_schedule_v2(draft, target, event);
    } else if (event.type == "EventBridgeRule" || event.type == "CloudWatchEvent") {
      expand_rule(draft, target, event, false);
    } else if (event.type == "CloudWatchLogs") {
      expand_logs(draft, target, event);
    } else if (event.type == "S3") {
      expand_bucket(draft, target, event);
    } else if (event.type == "HttpApi") {
      expand_http_api_event(draft, target, name, event.properties);
    } else if (event.type == "Api") {
      expand_rest_api_event(draft, target, name, event.properties);
    } else {
      draft.refuse(target.function,
                   fmt::format("Event with id [{}] is invalid. Aviary does not have events of type {} yet.",
                               name, event.type));
    }
  }
}

}  // namespace aviary::cloudformation
