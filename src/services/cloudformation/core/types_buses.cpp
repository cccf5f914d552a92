#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "services/cloudformation/core/resource_type.hpp"

/// What belongs to event buses: statements of their policies, archives.
namespace aviary::cloudformation {
namespace {

Step bus_call(const char* operation, Json input, bool removes = false) {
  return {.service = "events", .operation = operation, .input = std::move(input), .absent_is_fine = removes};
}

Json bus_named(const Json& properties, const char* member) {
  Json input = Json::object();
  if (const std::string bus = property_text(properties, "EventBusName"); !bus.empty()) input[member] = bus;
  return input;
}

/// The bus's policy with one statement put in, or put in anew.
std::string with_statement(const std::string& policy, const Json& statement) {
  Json document = parse_bounded<Json>(policy);
  if (!document.is_object()) document = Json::object();
  if (!document.contains("Version")) document["Version"] = "2012-10-17";
  Json& statements = document["Statement"];
  if (statements.is_object()) statements = Json::array({statements});
  if (!statements.is_array()) statements = Json::array();
  const auto same = std::ranges::find_if(
      statements, [&](const Json& each) { return each.value("Sid", "") == statement.value("Sid", ""); });
  if (same != statements.end()) {
    *same = statement;
  } else {
    statements.push_back(statement);
  }
  return document_text(document);
}

/// A whole statement is put into the policy that the bus has; what is said by its parts, EventBridge itself
/// puts together.
Steps put_bus_statement(const Json& properties) {
  Json input = bus_named(properties, "EventBusName");
  if (!properties.contains("Statement")) {
    copy_properties(properties, input, {"StatementId", "Action", "Principal", "Condition"});
    return {bus_call("PutPermission", std::move(input))};
  }
  Json statement = properties["Statement"];
  if (statement.is_string()) statement = parse_bounded<Json>(statement.get<std::string>());
  if (statement.is_object()) statement["Sid"] = property_text(properties, "StatementId");
  Steps steps{bus_call("DescribeEventBus", bus_named(properties, "Name"))};
  Step put = bus_call("PutPermission", std::move(input));
  put.fill = [statement](Json& filled, const std::vector<Json>& outputs) {
    filled["Policy"] = statement.is_object() ? with_statement(outputs[0].value("Policy", ""), statement)
                                             : document_text(statement);
  };
  steps.push_back(std::move(put));
  return steps;
}
Steps create_bus_policy(const Context&, const Json& properties) { return put_bus_statement(properties); }
Made made_bus_policy(const Context&, const Json& properties, const std::vector<Json>&) {
  const std::string bus = property_text(properties, "EventBusName");
  return {fmt::format("{}|{}", bus.empty() ? "default" : bus, property_text(properties, "StatementId")),
          Json::object()};
}
Steps update_bus_policy(const Context&, const Existing&, const Json& wanted) {
  return put_bus_statement(wanted);
}
Steps remove_bus_policy(const Context&, const Existing& existing) {
  Json input = bus_named(existing.properties, "EventBusName");
  copy_properties(existing.properties, input, {"StatementId"});
  return {bus_call("RemovePermission", std::move(input), true)};
}

Json archive_input(const std::string& name, const Json& properties) {
  Json input{{"ArchiveName", name}};
  copy_properties(properties, input, {"Description", "RetentionDays", "KmsKeyIdentifier"});
  if (properties.contains("EventPattern")) input["EventPattern"] = document_text(properties["EventPattern"]);
  return input;
}
Steps create_archive(const Context& context, const Json& properties) {
  Json input = archive_input(context.name(properties, "ArchiveName", 48), properties);
  input["EventSourceArn"] = properties.value("SourceArn", Json());
  return {bus_call("CreateArchive", std::move(input))};
}
Made made_archive(const Context& context, const Json& properties, const std::vector<Json>& outputs) {
  return {context.name(properties, "ArchiveName", 48), {{"Arn", outputs[0].value("ArchiveArn", "")}}};
}
Steps update_archive(const Context&, const Existing& existing, const Json& wanted) {
  return {bus_call("UpdateArchive", archive_input(existing.physical_id, wanted))};
}
Steps remove_archive(const Context&, const Existing& existing) {
  return {bus_call("DeleteArchive", {{"ArchiveName", existing.physical_id}}, true)};
}

}  // namespace

std::span<const ResourceType> bus_types() {
  static const ResourceType types[] = {
      {"AWS::Events::EventBusPolicy",
       {"EventBusName", "StatementId"},
       create_bus_policy,
       made_bus_policy,
       update_bus_policy,
       remove_bus_policy},
      {"AWS::Events::Archive",
       {"ArchiveName", "SourceArn"},
       create_archive,
       made_archive,
       update_archive,
       remove_archive},
  };
  return types;
}

}  // namespace aviary::cloudformation
