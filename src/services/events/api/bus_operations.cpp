#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

namespace aviary::events {
namespace {

Json described(const std::string& name, const Bus& bus, const Scope& scope) {
  Json out{{"Name", name}, {"Arn", bus_arn(scope, name)}};
  if (!bus.description.empty()) out["Description"] = bus.description;
  if (!bus.policy.empty()) out["Policy"] = bus.policy;
  if (bus.created != Instant()) {
    out["CreationTime"] = epoch_seconds(bus.created);
    out["LastModifiedTime"] = epoch_seconds(bus.modified);
  }
  return out;
}

}  // namespace

Result<Reply> EventsService::create_event_bus(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  Rules::Home& home = rules_.home(scope);
  if (home.buses.contains(name))
    return AwsError(models::events::errors::ResourceAlreadyExistsException,
                    fmt::format("Event bus {} already exists.", name));
  if (name.find('/') != std::string::npos) return validation("Event bus name must not contain '/'.");
  Bus bus{.description = text_of(call.input, "Description"),
          .created = call.now,
          .modified = call.now,
          .tags = tags_in(call.input)};
  rules_.save(scope, name, bus);
  home.buses[name] = std::move(bus);
  Reply reply{.output = {{"EventBusArn", bus_arn(scope, name)}}};
  if (const std::string text = text_of(call.input, "Description"); !text.empty())
    reply.output["Description"] = text;
  return reply;
}

Result<Reply> EventsService::delete_event_bus(Call& call) {
  const Scope scope = scope_of(call);
  const std::string name = text_of(call.input, "Name");
  if (name == default_bus) return validation("Cannot delete event bus default.");
  if (!rules_.home(scope).rules[name].empty())
    return validation("Event bus can't be deleted since it has rules.");
  rules_.erase_bus(scope, name);
  return Reply{};
}

Result<Reply> EventsService::describe_event_bus(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> name = rules_.bus_of(scope, text_of(call.input, "Name"));
  if (!name) return name.error();
  return Reply{.output = described(*name, rules_.home(scope).buses.at(*name), scope)};
}

Result<Reply> EventsService::update_event_bus(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> name = rules_.bus_of(scope, text_of(call.input, "Name"));
  if (!name) return name.error();
  Bus& bus = rules_.home(scope).buses.at(*name);
  if (find_member(call.input, "Description")) bus.description = text_of(call.input, "Description");
  bus.modified = call.now;
  rules_.save(scope, *name, bus);
  return Reply{.output = described(*name, bus, scope)};
}

Result<Reply> EventsService::list_event_buses(Call& call) {
  const Scope scope = scope_of(call);
  const std::string prefix = text_of(call.input, "NamePrefix");
  Json entries = Json::array();
  for (const auto& [name, bus] : rules_.home(scope).buses)
    if (name.starts_with(prefix)) entries.push_back(described(name, bus, scope));
  return page_of(call, "EventBuses", std::move(entries));
}

namespace {

constexpr std::size_t most_policy = 10'240;

/// Of a policy: one statement may stand alone.
Json statements_of(const Json& policy) {
  Json statements = policy.value("Statement", Json::array());
  return statements.is_object() ? Json::array({std::move(statements)}) : statements;
}

bool is_policy(const Json& document) {
  if (!document.is_object()) return false;
  const Json statements = statements_of(document);
  return statements.is_array() &&
         std::ranges::all_of(statements, [](const Json& each) { return each.is_object(); });
}

}  // namespace

Result<Reply> EventsService::put_permission(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> name = rules_.bus_of(scope, text_of(call.input, "EventBusName"));
  if (!name) return name.error();
  Bus& bus = rules_.home(scope).buses.at(*name);
  std::string policy = text_of(call.input, "Policy");
  if (policy.empty()) {
    for (const char* member : {"Action", "Principal", "StatementId"})
      if (text_of(call.input, member).empty())
        return validation(fmt::format("Parameter {} must be specified.", member));
    if (text_of(call.input, "Action") != "events:PutEvents")
      return validation("Provided value in parameter 'action' is not supported.");
    Json document = bus.policy.empty() ? Json{{"Version", "2012-10-17"}, {"Statement", Json::array()}}
                                       : Json::parse(bus.policy);
    const std::string principal = text_of(call.input, "Principal");
    Json statement{
        {"Sid", text_of(call.input, "StatementId")},
        {"Effect", "Allow"},
        {"Principal",
         principal == "*" ? Json("*") : Json{{"AWS", fmt::format("arn:aws:iam::{}:root", principal)}}},
        {"Action", text_of(call.input, "Action")},
        {"Resource", bus_arn(scope, *name)}};
    if (const Json* condition = find_member(call.input, "Condition"))
      statement["Condition"][text_of(*condition, "Type")] = {
          {text_of(*condition, "Key"), text_of(*condition, "Value")}};
    // A statement of the same name gives way.
    Json statements = statements_of(document);
    const auto same = std::ranges::find_if(
        statements, [&](const Json& each) { return text_of(each, "Sid") == text_of(statement, "Sid"); });
    if (same != statements.end()) {
      *same = std::move(statement);
    } else {
      statements.push_back(std::move(statement));
    }
    document["Statement"] = std::move(statements);
    policy = document.dump();
  } else if (policy.size() > most_policy || !is_policy(parse_bounded<Json>(policy))) {
    return validation("Parameter Policy is not valid.");
  }
  bus.policy = policy;
  rules_.save(scope, *name, bus);
  return Reply{};
}

Result<Reply> EventsService::remove_permission(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> name = rules_.bus_of(scope, text_of(call.input, "EventBusName"));
  if (!name) return name.error();
  Bus& bus = rules_.home(scope).buses.at(*name);
  if (call.input.value("RemoveAllPermissions", false)) {
    bus.policy.clear();
  } else {
    if (bus.policy.empty()) return not_found("EventBus does not have a policy.");
    Json document = Json::parse(bus.policy);
    Json kept = Json::array();
    const Json statements = statements_of(document);
    for (const Json& statement : statements)
      if (text_of(statement, "Sid") != text_of(call.input, "StatementId")) kept.push_back(statement);
    if (kept.size() == statements.size()) return not_found("Statement with the provided id does not exist.");
    document["Statement"] = kept;
    bus.policy = kept.empty() ? std::string() : document.dump();
  }
  rules_.save(scope, *name, bus);
  return Reply{};
}

/// Of a rule or a bus, by its ARN; `named` tells which rule it was.
Result<std::map<std::string, std::string>*> EventsService::tags_of(const Call& call, Named& named) {
  const Scope scope = scope_of(call);
  const std::string arn = text_of(call.input, "ResourceARN");
  const std::size_t rule = arn.find(":rule/");
  const std::size_t bus = arn.find(":event-bus/");
  if (rule != std::string::npos) {
    std::string name = arn.substr(rule + 6);
    named.bus = std::string(default_bus);
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
      named.bus = name.substr(0, slash);
      name = name.substr(slash + 1);
    }
    const Result<Rule*> found = rules_.find(scope, named.bus, name);
    if (!found) return found.error();
    named.rule = *found;
    return &named.rule->tags;
  }
  if (bus == std::string::npos)
    return validation(fmt::format("Parameter ResourceARN is not valid: {}.", arn));
  const Result<std::string> name = rules_.bus_of(scope, arn.substr(bus + 11));
  if (!name) return name.error();
  named = {.bus = *name, .rule = nullptr};
  return &rules_.home(scope).buses.at(*name).tags;
}

Result<Reply> EventsService::tag_resource(Call& call) {
  Named named{};
  const auto tags = tags_of(call, named);
  if (!tags) return tags.error();
  for (const auto& [key, value] : tags_in(call.input)) (**tags)[key] = value;
  if (named.rule != nullptr)
    rules_.save(scope_of(call), *named.rule);
  else
    rules_.save(scope_of(call), named.bus, rules_.home(scope_of(call)).buses.at(named.bus));
  return Reply{};
}

Result<Reply> EventsService::untag_resource(Call& call) {
  Named named{};
  const auto tags = tags_of(call, named);
  if (!tags) return tags.error();
  for (const Json& key : call.input.at("TagKeys")) (*tags)->erase(key.get<std::string>());
  if (named.rule != nullptr)
    rules_.save(scope_of(call), *named.rule);
  else
    rules_.save(scope_of(call), named.bus, rules_.home(scope_of(call)).buses.at(named.bus));
  return Reply{};
}

Result<Reply> EventsService::list_tags_for_resource(Call& call) {
  Named named{};
  const auto tags = tags_of(call, named);
  if (!tags) return tags.error();
  Reply reply;
  Json& list = reply.output["Tags"] = Json::array();
  for (const auto& [key, value] : **tags) list.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

}  // namespace aviary::events
