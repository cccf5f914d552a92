#include "services/cloudformation/core/stack.hpp"

namespace aviary::cloudformation {
namespace {

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
Instant instant(const Json& value) { return Instant(Duration(value.get<std::int64_t>())); }

Json wish_record(const Wish& wish) {
  Json parameters = Json::array();
  for (const ParameterValue& each : wish.parameters)
    parameters.push_back({each.key, each.value, each.resolved, each.hidden});
  return {{"text", wish.text},    {"document", wish.document},         {"parameters", std::move(parameters)},
          {"tags", wish.tags},    {"capabilities", wish.capabilities}, {"topics", wish.notification_arns},
          {"role", wish.role_arn}};
}

Wish wish_from(const Json& record) {
  Wish wish;
  record.at("text").get_to(wish.text);
  wish.document = record.at("document");
  for (const Json& each : record.at("parameters"))
    wish.parameters.push_back({each[0].get<std::string>(), each[1].get<std::string>(),
                               each[2].get<std::string>(), each[3].get<bool>()});
  wish.tags = record.at("tags");
  wish.capabilities = record.at("capabilities");
  wish.notification_arns = record.at("topics");
  record.at("role").get_to(wish.role_arn);
  return wish;
}

}  // namespace

Json stack_record(const Stack& stack) {
  Json record{{"id", stack.id},
              {"name", stack.name},
              {"account", stack.account},
              {"region", stack.region},
              {"status", stack.status},
              {"reason", stack.reason},
              {"change_set", stack.change_set_id},
              {"wish", wish_record(stack.wish)},
              {"policy", stack.stack_policy},
              {"disable_rollback", stack.disable_rollback},
              {"protected", stack.termination_protection},
              {"on_failure", stack.on_failure},
              {"token", stack.token},
              {"created", micros(stack.created)},
              {"updated", stack.updated ? Json(micros(*stack.updated)) : Json()},
              {"deleted", stack.deleted ? Json(micros(*stack.deleted)) : Json()}};
  for (const Output& each : stack.outputs)
    record["outputs"].push_back({each.key, each.value, each.description, each.export_name});
  for (const auto& [name, each] : stack.change_sets)
    record["change_sets"].push_back({{"id", each.id},
                                     {"name", each.name},
                                     {"type", each.type},
                                     {"status", each.status},
                                     {"reason", each.reason},
                                     {"execution", each.execution_status},
                                     {"description", each.description},
                                     {"wish", wish_record(each.wish)},
                                     {"changes", each.changes},
                                     {"created", micros(each.created)}});
  return record;
}

Json resource_record(const StackResource& each) {
  return {{"logical", each.logical_id},     {"type", each.type},
          {"physical", each.physical_id},   {"status", each.status},
          {"reason", each.reason},          {"properties", each.properties},
          {"attributes", each.attributes},  {"definition", each.definition},
          {"changed", micros(each.changed)}};
}

StackResource resource_from(const Json& record) {
  StackResource resource;
  record.at("logical").get_to(resource.logical_id);
  record.at("type").get_to(resource.type);
  record.at("physical").get_to(resource.physical_id);
  record.at("status").get_to(resource.status);
  record.at("reason").get_to(resource.reason);
  resource.properties = record.at("properties");
  resource.attributes = record.at("attributes");
  resource.definition = record.at("definition");
  resource.changed = instant(record.at("changed"));
  return resource;
}

Json event_record(const StackEvent& each) {
  return {each.id,     each.logical_id, each.physical_id, each.type,      each.status,
          each.reason, each.properties, each.token,       micros(each.at)};
}

StackEvent event_from(const Json& record) {
  const auto text = [&](std::size_t at) { return record[at].get<std::string>(); };
  return {text(0), text(1), text(2), text(3), text(4), text(5), text(6), text(7), instant(record[8])};
}

Stack stack_from(const Json& record) {
  Stack stack;
  record.at("id").get_to(stack.id);
  record.at("name").get_to(stack.name);
  record.at("account").get_to(stack.account);
  record.at("region").get_to(stack.region);
  record.at("status").get_to(stack.status);
  record.at("reason").get_to(stack.reason);
  record.at("change_set").get_to(stack.change_set_id);
  stack.wish = wish_from(record.at("wish"));
  record.at("policy").get_to(stack.stack_policy);
  record.at("disable_rollback").get_to(stack.disable_rollback);
  record.at("protected").get_to(stack.termination_protection);
  record.at("on_failure").get_to(stack.on_failure);
  record.at("token").get_to(stack.token);
  stack.created = instant(record.at("created"));
  if (!record.at("updated").is_null()) stack.updated = instant(record.at("updated"));
  if (!record.at("deleted").is_null()) stack.deleted = instant(record.at("deleted"));
  const Json none = Json::array();
  for (const Json& each : record.value("outputs", none))
    stack.outputs.push_back({each[0].get<std::string>(), each[1].get<std::string>(),
                             each[2].get<std::string>(), each[3].get<std::string>()});
  for (const Json& each : record.value("change_sets", none)) {
    ChangeSet set;
    each.at("id").get_to(set.id);
    each.at("name").get_to(set.name);
    each.at("type").get_to(set.type);
    each.at("status").get_to(set.status);
    each.at("reason").get_to(set.reason);
    each.at("execution").get_to(set.execution_status);
    each.at("description").get_to(set.description);
    set.wish = wish_from(each.at("wish"));
    set.changes = each.at("changes");
    set.created = instant(each.at("created"));
    stack.change_sets.emplace(set.name, std::move(set));
  }
  return stack;
}

}  // namespace aviary::cloudformation
