#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "models/events.hpp"
#include "services/events/api/events_service.hpp"

namespace aviary::events {
namespace {

constexpr std::size_t targets_at_most = 5;

Json rendered(const Rule& rule, const Scope& scope) {
  Json out{{"Name", rule.name},
           {"Arn", rule.arn(scope)},
           {"State", rule.enabled ? "ENABLED" : "DISABLED"},
           {"EventBusName", rule.bus}};
  const auto optional = [&](const char* member, const std::string& value) {
    if (!value.empty()) out[member] = value;
  };
  optional("EventPattern", rule.pattern);
  optional("ScheduleExpression", rule.schedule);
  optional("Description", rule.description);
  optional("RoleArn", rule.role);
  return out;
}

Json failed_target(const std::string& id, std::string_view code, std::string text) {
  return {{"TargetId", id}, {"ErrorCode", code}, {"ErrorMessage", std::move(text)}};
}

/// What a target gets is one thing, and what it always gets is JSON, be it a scalar.
Result<> check_input(const Json& target, const std::string& id) {
  int given = 0;
  for (const char* name : {"Input", "InputPath", "InputTransformer"})
    if (find_member(target, name)) ++given;
  if (given > 1)
    return validation(
        fmt::format("Only one of Input, InputPath, or InputTransformer must be provided for target {}.", id));
  const Json* input = find_member(target, "Input");
  if (input && parse_bounded<Json>(input->get_ref<const std::string&>()).is_discarded())
    return validation(fmt::format("JSON syntax error in input for target {}.", id));
  return {};
}

}  // namespace

Result<EventsService::Named> EventsService::named_rule(const Call& call, const char* member) {
  const Result<std::string> bus = rules_.bus_of(scope_of(call), text_of(call.input, "EventBusName"));
  if (!bus) return bus.error();
  const Result<Rule*> rule = rules_.find(scope_of(call), *bus, text_of(call.input, member));
  if (!rule) return rule.error();
  return Named{.bus = *bus, .rule = *rule};
}

Result<Reply> EventsService::put_rule(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> bus = rules_.bus_of(scope, text_of(call.input, "EventBusName"));
  if (!bus) return bus.error();
  Rule rule{.name = text_of(call.input, "Name"),
            .bus = *bus,
            .pattern = text_of(call.input, "EventPattern"),
            .schedule = text_of(call.input, "ScheduleExpression"),
            .description = text_of(call.input, "Description"),
            .role = text_of(call.input, "RoleArn"),
            .since = call.now,
            .tags = tags_in(call.input)};
  const std::string state = text_of(call.input, "State");
  rule.enabled = state != "DISABLED";
  if (rule.pattern.empty() && rule.schedule.empty())
    return validation("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  if (!rule.schedule.empty()) {
    if (*bus != default_bus)
      return validation("ScheduleExpression is supported only on the default event bus.");
    if (!Schedule::parse(rule.schedule)) return validation("Parameter ScheduleExpression is not valid.");
  }
  if (!rule.pattern.empty()) {
    const auto parsed = EventPattern::parse(std::string_view(rule.pattern));
    if (const auto* problem = std::get_if<std::string>(&parsed))
      return AwsError(models::events::errors::InvalidEventPatternException,
                      fmt::format("Event pattern is not valid. Reason: {}", *problem));
  }
  if (const Result<Rule*> there = rules_.find(scope, *bus, rule.name)) {
    rule.targets = (*there)->targets;
    rule.tags = (*there)->tags;
  }
  const Rule& placed = rules_.put(scope, std::move(rule));
  router_.reschedule(scope, placed.bus, placed.name);
  return Reply{.output = {{"RuleArn", placed.arn(scope)}}};
}

Result<Reply> EventsService::delete_rule(Call& call) {
  const Scope scope = scope_of(call);
  const Result<std::string> bus = rules_.bus_of(scope, text_of(call.input, "EventBusName"));
  if (!bus) return bus.error();
  const std::string name = text_of(call.input, "Name");
  const Result<Rule*> rule = rules_.find(scope, *bus, name);
  if (!rule) return Reply{};
  if (!(*rule)->targets.empty()) return validation("Rule can't be deleted since it has targets.");
  rules_.erase(scope, *bus, name);
  router_.reschedule(scope, *bus, name);
  return Reply{};
}

Result<Reply> EventsService::describe_rule(Call& call) {
  const Result<Named> named = named_rule(call, "Name");
  if (!named) return named.error();
  Reply reply{.output = rendered(*named->rule, scope_of(call))};
  reply.output["CreatedBy"] = call.account;
  return reply;
}

Result<Reply> EventsService::list_rules(Call& call) {
  const Result<std::string> bus = rules_.bus_of(scope_of(call), text_of(call.input, "EventBusName"));
  if (!bus) return bus.error();
  const std::string prefix = text_of(call.input, "NamePrefix");
  Json entries = Json::array();
  for (const auto& [name, rule] : rules_.home(scope_of(call)).rules[*bus])
    if (name.starts_with(prefix)) entries.push_back(rendered(rule, scope_of(call)));
  return page_of(call, "Rules", std::move(entries));
}

Result<Reply> EventsService::set_enabled(Call& call, bool enabled) {
  const Result<Named> named = named_rule(call, "Name");
  if (!named) return named.error();
  Rule& rule = *named->rule;
  if (enabled && !rule.enabled) rule.since = call.now;
  rule.enabled = enabled;
  rules_.save(scope_of(call), rule);
  router_.reschedule(scope_of(call), rule.bus, rule.name);
  return Reply{};
}

Result<Reply> EventsService::enable_rule(Call& call) { return set_enabled(call, true); }
Result<Reply> EventsService::disable_rule(Call& call) { return set_enabled(call, false); }

Result<Reply> EventsService::put_targets(Call& call) {
  const Result<Named> named = named_rule(call, "Rule");
  if (!named) return named.error();
  std::map<std::string, Json> targets = named->rule->targets;
  Json failed = Json::array();
  for (const Json& target : call.input.at("Targets")) {
    const std::string id = text_of(target, "Id");
    const std::string arn = text_of(target, "Arn");
    if (!arn.starts_with("arn:"))
      return validation(
          fmt::format("Parameter {} is not valid. Reason: Provided Arn is not in correct format.", arn));
    const bool is_bus = arn.find(":event-bus/") != std::string::npos;
    const bool calls_out = is_api_destination(arn);
    if (calls_out && text_of(target, "RoleArn").empty())
      return validation(fmt::format("RoleArn is required for target {}.", arn));
    if (!is_bus && !calls_out && targets_ != nullptr && !targets_->reaches(arn)) {
      failed.push_back(
          failed_target(id, "NotImplemented", "Aviary does not send events to " + arn + " yet."));
      continue;
    }
    if (arn.ends_with(".fifo") && arn.find(":sqs:") != std::string::npos && !target.contains("SqsParameters"))
      return validation(fmt::format("Parameter(s) SqsParameters must be specified for target: {}.", id));
    if (const Result<> valid = check_input(target, id); !valid) return valid.error();
    targets[id] = target;
  }
  if (targets.size() > targets_at_most)
    return AwsError(models::events::errors::LimitExceededException,
                    "The requested resource exceeds the maximum number allowed.");
  named->rule->targets = std::move(targets);
  rules_.save(scope_of(call), *named->rule);
  const std::size_t count = failed.size();
  return Reply{.output = {{"FailedEntryCount", count}, {"FailedEntries", std::move(failed)}}};
}

Result<Reply> EventsService::remove_targets(Call& call) {
  const Result<Named> named = named_rule(call, "Rule");
  if (!named) return named.error();
  Json failed = Json::array();
  for (const Json& id : call.input.at("Ids"))
    if (named->rule->targets.erase(id.get<std::string>()) == 0)
      failed.push_back(failed_target(id, "ResourceNotFoundException",
                                     fmt::format("Rule {} does not have a target with the Id {}.",
                                                 named->rule->name, id.get<std::string>())));
  rules_.save(scope_of(call), *named->rule);
  const std::size_t count = failed.size();
  return Reply{.output = {{"FailedEntryCount", count}, {"FailedEntries", std::move(failed)}}};
}

Result<Reply> EventsService::list_targets_by_rule(Call& call) {
  const Result<Named> named = named_rule(call, "Rule");
  if (!named) return named.error();
  Json entries = Json::array();
  for (const auto& [id, target] : named->rule->targets) entries.push_back(target);
  return page_of(call, "Targets", std::move(entries));
}

Result<Reply> EventsService::list_rule_names_by_target(Call& call) {
  const Result<std::string> bus = rules_.bus_of(scope_of(call), text_of(call.input, "EventBusName"));
  if (!bus) return bus.error();
  const std::string arn = text_of(call.input, "TargetArn");
  Json names = Json::array();
  for (const auto& [name, rule] : rules_.home(scope_of(call)).rules[*bus])
    for (const auto& [id, target] : rule.targets)
      if (text_of(target, "Arn") == arn) {
        names.push_back(name);
        break;
      }
  return page_of(call, "RuleNames", std::move(names));
}

}  // namespace aviary::events
