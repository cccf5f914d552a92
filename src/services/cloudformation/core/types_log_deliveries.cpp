#include "services/cloudformation/core/resource_type.hpp"

/// AWS::Logs::Destination, AccountPolicy, DeliverySource, DeliveryDestination, Delivery, Transformer and
/// LogAnomalyDetector.
namespace aviary::cloudformation {
namespace {

Step delivery_call(const char* operation, Json input, bool absent_is_fine = false) {
  return {
      .service = "logs", .operation = operation, .input = std::move(input), .absent_is_fine = absent_is_fine};
}

/// Properties in the service's spelling, with tags as the map that it takes.
Json logs_input(const Json& properties) {
  Json input = with_small_letters(properties);
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return input;
}
/// For what takes tags only once.
Json untagged_input(const Json& properties) {
  Json input = logs_input(properties);
  input.erase("tags");
  return input;
}

void add_destination_policy(Steps& steps, const Json& properties) {
  if (properties.contains("DestinationPolicy"))
    steps.push_back(delivery_call("PutDestinationPolicy",
                                  {{"destinationName", properties.value("DestinationName", Json())},
                                   {"accessPolicy", document_text(properties["DestinationPolicy"])}}));
}
Steps create_log_destination(const Context&, const Json& properties) {
  Json input = logs_input(properties);
  input.erase("destinationPolicy");
  Steps steps{delivery_call("PutDestination", std::move(input))};
  add_destination_policy(steps, properties);
  return steps;
}
Made made_log_destination(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  return {property_text(properties, "DestinationName"),
          {{"Arn", outputs[0]["destination"].value("arn", "")}}};
}
Steps update_log_destination(const Context& context, const Existing&, const Json& wanted) {
  return create_log_destination(context, wanted);
}
Steps remove_log_destination(const Context&, const Existing& existing) {
  return {delivery_call("DeleteDestination", {{"destinationName", existing.physical_id}}, true)};
}

Steps create_account_policy(const Context&, const Json& properties) {
  Json input = with_small_letters(properties);
  input["policyDocument"] = document_text(properties.value("PolicyDocument", Json()));
  return {delivery_call("PutAccountPolicy", std::move(input))};
}
Made made_account_policy(const Context& context, const Json& properties, const std::vector<Json>&) {
  return {context.account + "|" + property_text(properties, "PolicyType") + "|" +
              property_text(properties, "PolicyName"),
          {{"AccountId", context.account}}};
}
Steps update_account_policy(const Context& context, const Existing&, const Json& wanted) {
  return create_account_policy(context, wanted);
}
Steps remove_account_policy(const Context&, const Existing& existing) {
  return {delivery_call("DeleteAccountPolicy",
                        {{"policyName", existing.properties.value("PolicyName", Json())},
                         {"policyType", existing.properties.value("PolicyType", Json())}},
                        true)};
}

/// From the tags that are there to those that are wanted.
void append_tag_steps(const Existing& existing, const Json& wanted, Steps& steps) {
  if (!differs(existing.properties, wanted, "Tags")) return;
  const Json about{{"resourceArn", existing.attributes.value("Arn", "")}};
  const Json now = tag_map(wanted.value("Tags", Json::array()));
  Json gone = tags_gone(existing.properties, wanted);
  if (!gone.empty()) {
    steps.push_back(delivery_call("UntagResource", about));
    steps.back().input["tagKeys"] = std::move(gone);
  }
  if (!now.empty()) {
    steps.push_back(delivery_call("TagResource", about));
    steps.back().input["tags"] = now;
  }
}

Steps create_delivery_source(const Context&, const Json& properties) {
  return {delivery_call("PutDeliverySource", logs_input(properties))};
}
Made made_delivery_source(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  const Json source = outputs[0].value("deliverySource", Json::object());
  return {property_text(properties, "Name"),
          {{"Arn", source.value("arn", "")},
           {"Service", source.value("service", "")},
           {"ResourceArns", source.value("resourceArns", Json::array())}}};
}
Steps update_delivery_source(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps{delivery_call("PutDeliverySource", untagged_input(wanted))};
  append_tag_steps(existing, wanted, steps);
  return steps;
}
Steps remove_delivery_source(const Context&, const Existing& existing) {
  return {delivery_call("DeleteDeliverySource", {{"name", existing.physical_id}}, true)};
}

Steps put_delivery_destination(const Json& properties, bool is_new) {
  Json input{{"name", properties.value("Name", Json())}};
  if (properties.contains("OutputFormat")) input["outputFormat"] = properties["OutputFormat"];
  if (properties.contains("DeliveryDestinationType"))
    input["deliveryDestinationType"] = properties["DeliveryDestinationType"];
  if (properties.contains("DestinationResourceArn"))
    input["deliveryDestinationConfiguration"] = {
        {"destinationResourceArn", properties["DestinationResourceArn"]}};
  if (is_new && properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  Steps steps{delivery_call("PutDeliveryDestination", std::move(input))};
  if (properties.contains("DeliveryDestinationPolicy")) {
    const Json& given = properties["DeliveryDestinationPolicy"];
    const Json document = given.is_object() ? given.value("DeliveryDestinationPolicy", given) : Json(given);
    steps.push_back(delivery_call("PutDeliveryDestinationPolicy",
                                  {{"deliveryDestinationName", properties.value("Name", Json())},
                                   {"deliveryDestinationPolicy", document_text(document)}}));
  }
  return steps;
}
Steps create_delivery_destination(const Context&, const Json& properties) {
  return put_delivery_destination(properties, true);
}
Made made_delivery_destination(const Context&, const Json& properties, const std::vector<Json>& outputs) {
  const Json made = outputs[0].value("deliveryDestination", Json::object());
  return {property_text(properties, "Name"),
          {{"Arn", made.value("arn", "")},
           {"DeliveryDestinationType", made.value("deliveryDestinationType", "")}}};
}
Steps update_delivery_destination(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps = put_delivery_destination(wanted, false);
  if (existing.properties.contains("DeliveryDestinationPolicy") &&
      !wanted.contains("DeliveryDestinationPolicy"))
    steps.push_back(delivery_call("DeleteDeliveryDestinationPolicy",
                                  {{"deliveryDestinationName", existing.physical_id}}));
  append_tag_steps(existing, wanted, steps);
  return steps;
}
Steps remove_delivery_destination(const Context&, const Existing& existing) {
  return {delivery_call("DeleteDeliveryDestination", {{"name", existing.physical_id}}, true)};
}

Json delivery_settings(const Json& properties) {
  Json input = Json::object();
  if (properties.contains("RecordFields")) input["recordFields"] = properties["RecordFields"];
  if (properties.contains("FieldDelimiter")) input["fieldDelimiter"] = properties["FieldDelimiter"];
  if (properties.contains("S3SuffixPath"))
    input["s3DeliveryConfiguration"]["suffixPath"] = properties["S3SuffixPath"];
  if (properties.contains("S3EnableHiveCompatiblePath"))
    input["s3DeliveryConfiguration"]["enableHiveCompatiblePath"] = properties["S3EnableHiveCompatiblePath"];
  return input;
}
Steps create_delivery(const Context&, const Json& properties) {
  Json input = delivery_settings(properties);
  input["deliverySourceName"] = properties.value("DeliverySourceName", Json());
  input["deliveryDestinationArn"] = properties.value("DeliveryDestinationArn", Json());
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return {delivery_call("CreateDelivery", std::move(input))};
}
Made made_delivery(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json delivery = outputs[0].value("delivery", Json::object());
  const std::string id = delivery.value("id", "");
  return {id,
          {{"DeliveryId", id},
           {"Arn", delivery.value("arn", "")},
           {"DeliveryDestinationType", delivery.value("deliveryDestinationType", "")}}};
}
Steps update_delivery(const Context&, const Existing& existing, const Json& wanted) {
  Json input = delivery_settings(wanted);
  input["id"] = existing.physical_id;
  Steps steps{delivery_call("UpdateDeliveryConfiguration", std::move(input))};
  append_tag_steps(existing, wanted, steps);
  return steps;
}
Steps remove_delivery(const Context&, const Existing& existing) {
  return {delivery_call("DeleteDelivery", {{"id", existing.physical_id}}, true)};
}

Steps create_transformer(const Context&, const Json& properties) {
  return {delivery_call("PutTransformer", with_small_letters(properties))};
}
Made made_transformer(const Context&, const Json& properties, const std::vector<Json>&) {
  return {property_text(properties, "LogGroupIdentifier")};
}
Steps update_transformer(const Context& context, const Existing&, const Json& wanted) {
  return create_transformer(context, wanted);
}
Steps remove_transformer(const Context&, const Existing& existing) {
  return {delivery_call("DeleteTransformer", {{"logGroupIdentifier", existing.physical_id}}, true)};
}

Steps create_detector(const Context&, const Json& properties) {
  Json input = with_small_letters(properties);
  input.erase("accountId");
  return {delivery_call("CreateLogAnomalyDetector", std::move(input)),
          {.service = "logs",
           .operation = "GetLogAnomalyDetector",
           .fill = [](Json& asked, const std::vector<Json>& outputs) {
             asked["anomalyDetectorArn"] = outputs[0].value("anomalyDetectorArn", "");
           }}};
}
Made made_detector(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string arn = outputs[0].value("anomalyDetectorArn", "");
  return {arn,
          {{"AnomalyDetectorArn", arn},
           {"AnomalyDetectorStatus", outputs[1].value("anomalyDetectorStatus", "")},
           {"CreationTimeStamp", outputs[1].value("creationTimeStamp", 0)},
           {"LastModifiedTimeStamp", outputs[1].value("lastModifiedTimeStamp", 0)}}};
}
Steps update_detector(const Context&, const Existing& existing, const Json& wanted) {
  Json input{{"anomalyDetectorArn", existing.physical_id}, {"enabled", true}};
  const Json settings = with_small_letters(wanted);
  for (const char* name : {"evaluationFrequency", "filterPattern", "anomalyVisibilityTime"})
    if (settings.contains(name)) input[name] = settings[name];
  if (!settings.contains("filterPattern")) input["filterPattern"] = "";
  return {delivery_call("UpdateLogAnomalyDetector", std::move(input))};
}
Steps remove_detector(const Context&, const Existing& existing) {
  return {delivery_call("DeleteLogAnomalyDetector", {{"anomalyDetectorArn", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> log_delivery_types() {
  static const ResourceType types[] = {
      {"AWS::Logs::AccountPolicy",
       {"PolicyName", "PolicyType"},
       create_account_policy,
       made_account_policy,
       update_account_policy,
       remove_account_policy},
      {"AWS::Logs::Delivery",
       {"DeliverySourceName", "DeliveryDestinationArn"},
       create_delivery,
       made_delivery,
       update_delivery,
       remove_delivery},
      {"AWS::Logs::DeliveryDestination",
       {"Name", "DeliveryDestinationType"},
       create_delivery_destination,
       made_delivery_destination,
       update_delivery_destination,
       remove_delivery_destination},
      {"AWS::Logs::DeliverySource",
       {"Name"},
       create_delivery_source,
       made_delivery_source,
       update_delivery_source,
       remove_delivery_source},
      {"AWS::Logs::Destination",
       {"DestinationName"},
       create_log_destination,
       made_log_destination,
       update_log_destination,
       remove_log_destination},
      {"AWS::Logs::LogAnomalyDetector",
       {"LogGroupArnList", "DetectorName", "KmsKeyId"},
       create_detector,
       made_detector,
       update_detector,
       remove_detector},
      {"AWS::Logs::Transformer",
       {"LogGroupIdentifier"},
       create_transformer,
       made_transformer,
       update_transformer,
       remove_transformer},
  };
  return types;
}

}  // namespace aviary::cloudformation
