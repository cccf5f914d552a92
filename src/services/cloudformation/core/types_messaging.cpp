#include <algorithm>

#include "services/cloudformation/core/resource_type.hpp"

/// AWS::SQS::*, AWS::SNS::*, AWS::Events::Rule and EventBus.
namespace aviary::cloudformation {
namespace {

Step messaging_call(std::string service, std::string operation, Json input, bool removes = false) {
  return {.service = std::move(service),
          .operation = std::move(operation),
          .input = std::move(input),
          .absent_is_fine = removes};
}

/// Attributes are text, documents too.
Json attribute_texts(const Json& properties, std::initializer_list<std::string_view> left_out) {
  Json attributes = Json::object();
  for (const auto& [key, value] : properties.items()) {
    if (std::ranges::find(left_out, key) != left_out.end() || value.is_null()) continue;
    attributes[key] = document_text(value);
  }
  return attributes;
}

std::string queue_name(const Context& context, const Json& properties) {
  const bool fifo = property_text(properties, "FifoQueue") == "true";
  if (!property_text(properties, "QueueName").empty()) return property_text(properties, "QueueName");
  return fifo ? context.name(properties, "QueueName", 75) + ".fifo"
              : context.name(properties, "QueueName", 80);
}
Steps create_queue(const Context& context, const Json& properties) {
  Json input{{"QueueName", queue_name(context, properties)},
             {"Attributes", attribute_texts(properties, {"QueueName", "Tags"})}};
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return {messaging_call("sqs", "CreateQueue", std::move(input))};
}
Made made_queue(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  const std::string name = queue_name(context, properties);
  const std::string url = outputs[0].value("QueueUrl", "");
  return {url, {{"Arn", context.arn("sqs", name)}, {"QueueName", name}, {"QueueUrl", url}}};
}
Steps update_queue(const Context&, const Existing& existing, const Json& wanted) {
  return {messaging_call("sqs", "SetQueueAttributes",
                         {{"QueueUrl", existing.physical_id},
                          {"Attributes", attribute_texts(wanted, {"QueueName", "Tags", "FifoQueue"})}})};
}
Steps remove_queue(const Context&, const Existing& existing) {
  return {messaging_call("sqs", "DeleteQueue", {{"QueueUrl", existing.physical_id}}, true)};
}

Steps queue_policies(const Json& properties, const std::string& policy, bool removes) {
  Steps steps;
  for (const Json& url : properties.value("Queues", Json::array()))
    steps.push_back(messaging_call("sqs", "SetQueueAttributes",
                                   {{"QueueUrl", url}, {"Attributes", {{"Policy", policy}}}}, removes));
  return steps;
}
Steps create_queue_policy(const Context&, const Json& properties) {
  return queue_policies(properties, document_text(properties.value("PolicyDocument", Json::object())), false);
}
Made made_named(const Context& context, const Json&, const std::vector<Json>&) {
  const std::string name = context.name(Json::object(), "Id", 128);
  return {name, {{"Id", name}}};
}
Steps update_queue_policy(const Context&, const Existing&, const Json& wanted) {
  return queue_policies(wanted, document_text(wanted.value("PolicyDocument", Json::object())), false);
}
Steps remove_queue_policy(const Context&, const Existing& existing) {
  return queue_policies(existing.properties, "", true);
}

std::string topic_name(const Context& context, const Json& properties) {
  const bool fifo = property_text(properties, "FifoTopic") == "true";
  if (!property_text(properties, "TopicName").empty()) return property_text(properties, "TopicName");
  return fifo ? context.name(properties, "TopicName", 251) + ".fifo"
              : context.name(properties, "TopicName", 256);
}
Steps create_topic(const Context& context, const Json& properties) {
  Json input{{"Name", topic_name(context, properties)},
             {"Attributes", attribute_texts(properties, {"TopicName", "Tags", "Subscription",
                                                         "DataProtectionPolicy", "DeliveryStatusLogging"})}};
  if (properties.contains("Tags")) input["Tags"] = properties["Tags"];
  Steps steps{messaging_call("sns", "CreateTopic", std::move(input))};
  for (const Json& each : properties.value("Subscription", Json::array())) {
    Step step = messaging_call("sns", "Subscribe", {{"ReturnSubscriptionArn", true}});
    copy_properties(each, step.input, {"Endpoint", "Protocol"});
    step.fill = [](Json& filled, const std::vector<Json>& outputs) {
      filled["TopicArn"] = outputs[0].value("TopicArn", "");
    };
    steps.push_back(std::move(step));
  }
  return steps;
}
Made made_topic(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("TopicArn", "");
  return {arn, {{"TopicArn", arn}, {"TopicName", topic_name(context, properties)}}};
}
Steps update_topic(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  for (const char* name : {"DisplayName", "KmsMasterKeyId", "ContentBasedDeduplication"})
    if (differs(existing.properties, wanted, name))
      steps.push_back(messaging_call("sns", "SetTopicAttributes",
                                     {{"TopicArn", existing.physical_id},
                                      {"AttributeName", name},
                                      {"AttributeValue", document_text(wanted.value(name, Json("")))}}));
  return steps;
}
Steps remove_topic(const Context&, const Existing& existing) {
  return {messaging_call("sns", "DeleteTopic", {{"TopicArn", existing.physical_id}}, true)};
}

Steps topic_policies(const Json& properties) {
  Steps steps;
  for (const Json& arn : properties.value("Topics", Json::array()))
    steps.push_back(messaging_call(
        "sns", "SetTopicAttributes",
        {{"TopicArn", arn},
         {"AttributeName", "Policy"},
         {"AttributeValue", document_text(properties.value("PolicyDocument", Json::object()))}}));
  return steps;
}
Steps create_topic_policy(const Context&, const Json& properties) { return topic_policies(properties); }
Steps update_topic_policy(const Context&, const Existing&, const Json& wanted) {
  return topic_policies(wanted);
}
/// Without a policy of its own a topic has the usual one.
Step usual_policy_of(const Json& arn) {
  return messaging_call("sns", "SetTopicAttributes",
                        {{"TopicArn", arn}, {"AttributeName", "Policy"}, {"AttributeValue", ""}}, true);
}
Steps remove_topic_policy(const Context&, const Existing& existing) {
  Steps steps;
  for (const Json& arn : existing.properties.value("Topics", Json::array()))
    steps.push_back(usual_policy_of(arn));
  return steps;
}

Steps create_topic_inline(const Context&, const Json& properties) {
  return {messaging_call(
      "sns", "SetTopicAttributes",
      {{"TopicArn", properties.value("TopicArn", Json())},
       {"AttributeName", "Policy"},
       {"AttributeValue", document_text(properties.value("PolicyDocument", Json::object()))}})};
}
Made made_topic_inline(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "TopicArn"), Json::object()};
}
Steps update_topic_inline(const Context& context, const Existing&, const Json& wanted) {
  return create_topic_inline(context, wanted);
}
Steps remove_topic_inline(const Context&, const Existing& existing) {
  return {usual_policy_of(existing.physical_id)};
}

Steps create_subscription(const Context&, const Json& properties) {
  Json input{{"ReturnSubscriptionArn", true}};
  copy_properties(properties, input, {"TopicArn", "Protocol", "Endpoint"});
  input["Attributes"] = attribute_texts(properties, {"TopicArn", "Protocol", "Endpoint", "Region"});
  return {messaging_call("sns", "Subscribe", std::move(input))};
}
Made made_subscription(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("SubscriptionArn", "");
  return {arn, {{"Arn", arn}}};
}
Steps update_subscription(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  const Json attributes = attribute_texts(wanted, {"TopicArn", "Protocol", "Endpoint", "Region"});
  for (const auto& [name, value] : attributes.items())
    steps.push_back(messaging_call(
        "sns", "SetSubscriptionAttributes",
        {{"SubscriptionArn", existing.physical_id}, {"AttributeName", name}, {"AttributeValue", value}}));
  return steps;
}
Steps remove_subscription(const Context&, const Existing& existing) {
  return {messaging_call("sns", "Unsubscribe", {{"SubscriptionArn", existing.physical_id}}, true)};
}

Steps put_rule(const std::string& name, const Json& properties, const Json& targets_before) {
  Json input = properties;
  input.erase("Targets");
  input["Name"] = name;
  if (properties.contains("EventPattern")) input["EventPattern"] = document_text(properties["EventPattern"]);
  Steps steps{messaging_call("events", "PutRule", std::move(input))};
  const Json targets = properties.value("Targets", Json::array());
  Json gone = Json::array();
  for (const Json& before : targets_before)
    if (std::ranges::none_of(targets, [&](const Json& each) {
          return each.value("Id", Json()) == before.value("Id", Json());
        }))
      gone.push_back(before.value("Id", Json()));
  Json common{{"Rule", name}};
  copy_properties(properties, common, {"EventBusName"});
  if (!gone.empty()) {
    Json removal = common;
    removal["Ids"] = std::move(gone);
    steps.push_back(messaging_call("events", "RemoveTargets", std::move(removal), true));
  }
  if (!targets.empty()) {
    common["Targets"] = targets;
    steps.push_back(messaging_call("events", "PutTargets", std::move(common)));
  }
  return steps;
}
Steps create_rule(const Context& context, const Json& properties) {
  return put_rule(context.name(properties, "Name"), properties, Json::array());
}
Made made_rule(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  return {context.name(properties, "Name"), {{"Arn", outputs[0].value("RuleArn", "")}}};
}
Steps update_rule(const Context&, const Existing& existing, const Json& wanted) {
  return put_rule(existing.physical_id, wanted, existing.properties.value("Targets", Json::array()));
}
Steps remove_rule(const Context&, const Existing& existing) {
  Json common = Json::object();
  copy_properties(existing.properties, common, {"EventBusName"});
  Json ids = Json::array();
  for (const Json& each : existing.properties.value("Targets", Json::array()))
    ids.push_back(each.value("Id", Json()));
  Steps steps;
  if (!ids.empty()) {
    Json removal = common;
    removal["Rule"] = existing.physical_id;
    removal["Ids"] = std::move(ids);
    steps.push_back(messaging_call("events", "RemoveTargets", std::move(removal), true));
  }
  common["Name"] = existing.physical_id;
  steps.push_back(messaging_call("events", "DeleteRule", std::move(common), true));
  return steps;
}

Steps create_bus(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "Tags"});
  return {messaging_call("events", "CreateEventBus", std::move(input))};
}
Made made_bus(const Context& context, const Json& properties, const std::vector<Json>&) {
  const std::string name = property_text(properties, "Name");
  return {name, {{"Arn", context.arn("events", "event-bus/" + name)}, {"Name", name}}};
}
Steps update_bus(const Context&, const Existing& existing, const Json& wanted) {
  Json input{{"Name", existing.physical_id}, {"Description", property_text(wanted, "Description")}};
  copy_properties(wanted, input, {"KmsKeyIdentifier", "DeadLetterConfig"});
  Steps steps{messaging_call("events", "UpdateEventBus", std::move(input))};
  return steps;
}
Steps remove_bus(const Context&, const Existing& existing) {
  return {messaging_call("events", "DeleteEventBus", {{"Name", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> messaging_types() {
  static const ResourceType types[] = {
      {"AWS::SQS::Queue", {"QueueName", "FifoQueue"}, create_queue, made_queue, update_queue, remove_queue},
      {"AWS::SQS::QueuePolicy",
       {},
       create_queue_policy,
       made_named,
       update_queue_policy,
       remove_queue_policy},
      {"AWS::SNS::Topic",
       {"TopicName", "FifoTopic", "Subscription"},
       create_topic,
       made_topic,
       update_topic,
       remove_topic},
      {"AWS::SNS::TopicPolicy",
       {},
       create_topic_policy,
       made_named,
       update_topic_policy,
       remove_topic_policy},
      {"AWS::SNS::TopicInlinePolicy",
       {"TopicArn"},
       create_topic_inline,
       made_topic_inline,
       update_topic_inline,
       remove_topic_inline},
      {"AWS::SNS::Subscription",
       {"TopicArn", "Protocol", "Endpoint"},
       create_subscription,
       made_subscription,
       update_subscription,
       remove_subscription},
      {"AWS::Events::Rule", {"Name", "EventBusName"}, create_rule, made_rule, update_rule, remove_rule},
      {"AWS::Events::EventBus", {"Name", "EventSourceName"}, create_bus, made_bus, update_bus, remove_bus},
  };
  return types;
}

}  // namespace aviary::cloudformation
