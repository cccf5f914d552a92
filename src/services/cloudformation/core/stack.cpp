#include "services/cloudformation/core/stack.hpp"

#include <utility>

namespace aviary::cloudformation {
namespace {

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
Instant instant(const Json& value) { return Instant(Duration(value.get<std::int64_t>())); }
Json moment(const std::optional<Instant>& at) { return at ? Json(micros(*at)) : Json(); }
std::optional<Instant> moment_from(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(instant(value));
}

/// A text member and its name in the record: read and written from one list.
template <class T>
using TextMember = std::pair<const char*, std::string T::*>;

constexpr TextMember<Stack> stack_texts[] = {{"id", &Stack::id},
                                             {"name", &Stack::name},
                                             {"account", &Stack::account},
                                             {"region", &Stack::region},
                                             {"status", &Stack::status},
                                             {"reason", &Stack::reason},
                                             {"change_set", &Stack::change_set_id},
                                             {"parent", &Stack::parent_id},
                                             {"root", &Stack::root_id},
                                             {"policy", &Stack::stack_policy},
                                             {"on_failure", &Stack::on_failure},
                                             {"token", &Stack::token}};
constexpr TextMember<ChangeSet> change_set_texts[] = {{"id", &ChangeSet::id},
                                                      {"name", &ChangeSet::name},
                                                      {"type", &ChangeSet::type},
                                                      {"status", &ChangeSet::status},
                                                      {"reason", &ChangeSet::reason},
                                                      {"execution", &ChangeSet::execution_status},
                                                      {"on_failure", &ChangeSet::on_failure},
                                                      {"description", &ChangeSet::description}};
constexpr TextMember<StackResource> resource_texts[] = {{"logical", &StackResource::logical_id},
                                                        {"type", &StackResource::type},
                                                        {"physical", &StackResource::physical_id},
                                                        {"status", &StackResource::status},
                                                        {"reason", &StackResource::reason}};

template <class T, std::size_t N>
void write_texts(const T& from, const TextMember<T> (&members)[N], Json& record) {
  for (const auto& [name, member] : members) record[name] = from.*member;
}
/// What a record of an older server does not have stays empty.
template <class T, std::size_t N>
void read_texts(const Json& record, const TextMember<T> (&members)[N], T& into) {
  for (const auto& [name, member] : members) into.*member = record.value(name, std::string());
}

Json wish_record(const Wish& wish) {
  Json parameters = Json::array();
  for (const ParameterValue& each : wish.parameters)
    parameters.push_back({each.key, each.value, each.resolved, each.hidden});
  return {{"text", wish.text},     {"document", wish.document},         {"parameters", std::move(parameters)},
          {"tags", wish.tags},     {"capabilities", wish.capabilities}, {"topics", wish.notification_arns},
          {"role", wish.role_arn}, {"rollback", wish.rollback}};
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
  wish.rollback = record.value("rollback", Json::object());
  return wish;
}

Json change_set_record(const ChangeSet& set) {
  Json record{{"wish", wish_record(set.wish)}, {"changes", set.changes}, {"created", micros(set.created)}};
  if (!set.imports.empty()) record["imports"] = set.imports;
  if (set.imports_existing) record["imports_existing"] = true;
  write_texts(set, change_set_texts, record);
  return record;
}

ChangeSet change_set_from(const Json& record) {
  ChangeSet set;
  read_texts(record, change_set_texts, set);
  set.wish = wish_from(record.at("wish"));
  set.changes = record.at("changes");
  set.imports = record.value("imports", Json::array());
  set.imports_existing = record.value("imports_existing", false);
  set.created = instant(record.at("created"));
  return set;
}

}  // namespace

Json stack_record(const Stack& stack) {
  Json record{{"wish", wish_record(stack.wish)},           {"disable_rollback", stack.disable_rollback},
              {"protected", stack.termination_protection}, {"created", micros(stack.created)},
              {"updated", moment(stack.updated)},          {"deleted", moment(stack.deleted)}};
  write_texts(stack, stack_texts, record);
  for (const Output& each : stack.outputs)
    record["outputs"].push_back({each.key, each.value, each.description, each.export_name});
  if (stack.retain_except_on_create) record["retain_except_on_create"] = true;
  if (stack.timeout_minutes != 0) record["timeout_minutes"] = stack.timeout_minutes;
  if (!stack.drift.is_null()) record["drift"] = stack.drift;
  if (!stack.drift_detections.empty()) record["drift_detections"] = stack.drift_detections;
  for (const auto& [name, each] : stack.change_sets) record["change_sets"].push_back(change_set_record(each));
  return record;
}

Stack stack_from(const Json& record) {
  Stack stack;
  read_texts(record, stack_texts, stack);
  stack.wish = wish_from(record.at("wish"));
  record.at("disable_rollback").get_to(stack.disable_rollback);
  record.at("protected").get_to(stack.termination_protection);
  stack.created = instant(record.at("created"));
  stack.updated = moment_from(record.at("updated"));
  stack.deleted = moment_from(record.at("deleted"));
  stack.retain_except_on_create = record.value("retain_except_on_create", false);
  stack.timeout_minutes = record.value("timeout_minutes", 0);
  stack.drift = record.value("drift", Json());
  const Json none = Json::array();
  stack.drift_detections = record.value("drift_detections", none);
  const Json outputs = record.value("outputs", none);
  for (const Json& each : outputs)
    stack.outputs.push_back({each[0].get<std::string>(), each[1].get<std::string>(),
                             each[2].get<std::string>(), each[3].get<std::string>()});
  const Json change_sets = record.value("change_sets", none);
  for (const Json& each : change_sets) {
    ChangeSet set = change_set_from(each);
    std::string name = set.name;
    stack.change_sets.emplace(std::move(name), std::move(set));
  }
  return stack;
}

Json resource_record(const StackResource& each) {
  Json record{{"properties", each.properties}, {"attributes", each.attributes},
              {"definition", each.definition}, {"shown", each.shown},
              {"no_echo", each.no_echo},       {"changed", micros(each.changed)}};
  write_texts(each, resource_texts, record);
  if (!each.drift.is_null()) record["drift"] = each.drift;
  return record;
}

StackResource resource_from(const Json& record) {
  StackResource resource;
  read_texts(record, resource_texts, resource);
  resource.properties = record.at("properties");
  resource.attributes = record.at("attributes");
  resource.definition = record.at("definition");
  resource.shown = record.value("shown", Json());
  resource.no_echo = record.value("no_echo", false);
  resource.drift = record.value("drift", Json());
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

}  // namespace aviary::cloudformation
