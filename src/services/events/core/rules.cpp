#include "services/events/core/rules.hpp"

#include <fmt/format.h>

#include "models/events.hpp"

namespace aviary::events {
namespace {

std::string rule_key(const Scope& scope, const std::string& bus, const std::string& name) {
  return fmt::format("{}/{}/{}/{}", scope.account, scope.region, bus, name);
}

void read(Rule& rule) {
  rule.reads.reset();
  rule.runs.reset();
  if (!rule.pattern.empty()) {
    auto parsed = EventPattern::parse(std::string_view(rule.pattern));
    if (auto* pattern = std::get_if<EventPattern>(&parsed)) rule.reads = std::move(*pattern);
  }
  if (!rule.schedule.empty()) rule.runs = Schedule::parse(rule.schedule);
}

/// `$.detail.items[0].name`; null when there is nothing.
const Json* at_path(const Json& event, std::string_view path) {
  const Json* at = &event;
  if (!path.starts_with('$')) return nullptr;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (path.front() == '.') {
      path.remove_prefix(1);
      const std::size_t end = path.find_first_of(".[");
      const std::string key(path.substr(0, end));
      if (!at->is_object() || !at->contains(key)) return nullptr;
      at = &at->at(key);
      path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    } else if (path.front() == '[') {
      const std::size_t end = path.find(']');
      if (end == std::string_view::npos) return nullptr;
      const std::string_view inside = path.substr(1, end - 1);
      path.remove_prefix(end + 1);
      if (inside.size() > 2 && (inside.front() == '\'' || inside.front() == '"')) {
        const std::string key(inside.substr(1, inside.size() - 2));
        if (!at->is_object() || !at->contains(key)) return nullptr;
        at = &at->at(key);
        continue;
      }
      std::size_t index = 0;
      for (const char c : inside) {
        if (c < '0' || c > '9' || index > 1'000'000) return nullptr;
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      if (!at->is_array() || index >= at->size()) return nullptr;
      at = &(*at)[index];
    } else {
      return nullptr;
    }
  }
  return at;
}

std::string dumped(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// An event as it is sent: its members in AWS's order.
std::string event_text(const Json& event) {
  OrderedJson ordered = OrderedJson::object();
  for (const char* name :
       {"version", "id", "detail-type", "source", "account", "time", "region", "resources"})
    if (const auto found = event.find(name); found != event.end()) ordered[name] = *found;
  for (const auto& [name, value] : event.items()) ordered.emplace(name, value);
  return ordered.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

/// Texts go in without quotes where the template already has some around them.
std::string from_template(const std::string& text, const std::map<std::string, Json>& values) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    const std::size_t end = c == '<' ? text.find('>', i) : std::string::npos;
    const auto value = end == std::string::npos ? values.end() : values.find(text.substr(i + 1, end - i - 1));
    if (value == values.end()) {
      out += c;
      continue;
    }
    const bool is_text = value->second.is_string();
    std::string piece = dumped(value->second);
    if (is_text && quoted) piece = piece.substr(1, piece.size() - 2);
    if (!is_text && quoted) {
      piece = dumped(Json(piece));
      piece = piece.substr(1, piece.size() - 2);
    }
    out += piece;
    i = end;
  }
  return out;
}

}  // namespace

std::string bus_arn(const Scope& scope, std::string_view name) {
  return fmt::format("arn:aws:events:{}:{}:event-bus/{}", scope.region, scope.account, name);
}

std::string Rule::arn(const Scope& scope) const {
  return bus == default_bus
             ? fmt::format("arn:aws:events:{}:{}:rule/{}", scope.region, scope.account, name)
             : fmt::format("arn:aws:events:{}:{}:rule/{}/{}", scope.region, scope.account, bus, name);
}

std::string target_input(const Json& target, const Json& event, const std::string& rule_arn,
                         const std::string& rule_name, Instant now) {
  if (target.contains("Input")) return target.at("Input");
  if (target.contains("InputPath")) {
    const Json* part = at_path(event, target.at("InputPath").get<std::string>());
    return part ? dumped(*part) : std::string("null");
  }
  if (!target.contains("InputTransformer")) return event_text(event);
  const Json& transformer = target.at("InputTransformer");
  std::map<std::string, Json> values{{"aws.events.rule-arn", rule_arn},
                                     {"aws.events.rule-name", rule_name},
                                     {"aws.events.event.ingestion-time", iso8601(now)},
                                     {"aws.events.event", event},
                                     {"aws.events.event.json", event}};
  const Json paths = transformer.value("InputPathsMap", Json::object());
  for (const auto& [name, path] : paths.items()) {
    const Json* part = at_path(event, path.get<std::string>());
    values[name] = part ? *part : Json("");
  }
  return from_template(transformer.at("InputTemplate").get<std::string>(), values);
}

AwsError validation(std::string text) {
  return {models::events::errors::ValidationException, std::move(text)};
}

AwsError not_found(std::string text) {
  return {models::events::errors::ResourceNotFoundException, std::move(text)};
}

Rules::Rules(Journal& journal)
    : rule_records_(journal, "events.rules"), bus_records_(journal, "events.buses") {}

Rules::Home& Rules::home(const Scope& scope) {
  Home& home = homes_[scope];
  home.buses.try_emplace(std::string(default_bus));
  return home;
}

Result<std::string> Rules::bus_of(const Scope& scope, const std::string& name_or_arn) {
  if (name_or_arn.empty()) return std::string(default_bus);
  std::string name = name_or_arn;
  if (name.starts_with("arn:")) name = name.substr(name.rfind('/') + 1);
  if (!home(scope).buses.contains(name)) return not_found(fmt::format("Event bus {} does not exist.", name));
  return name;
}

Result<Rule*> Rules::find(const Scope& scope, const std::string& bus, const std::string& name) {
  ByName& rules = home(scope).rules[bus];
  const auto found = rules.find(name);
  if (found == rules.end())
    return not_found(fmt::format("Rule {} does not exist on EventBus {}.", name, bus));
  return &found->second;
}

Rule& Rules::put(const Scope& scope, Rule rule) {
  read(rule);
  save(scope, rule);
  const std::string name = rule.name;
  return home(scope).rules[rule.bus].insert_or_assign(name, std::move(rule)).first->second;
}

void Rules::save(const Scope& scope, const Rule& rule) {
  rule_records_.save(rule_key(scope, rule.bus, rule.name),
                     Json{{"account", scope.account},
                          {"region", scope.region},
                          {"name", rule.name},
                          {"bus", rule.bus},
                          {"pattern", rule.pattern},
                          {"schedule", rule.schedule},
                          {"enabled", rule.enabled},
                          {"description", rule.description},
                          {"role", rule.role},
                          {"since", rule.since.time_since_epoch().count()},
                          {"tags", rule.tags},
                          {"targets", rule.targets}});
}

void Rules::erase(const Scope& scope, const std::string& bus, const std::string& name) {
  rule_records_.erase(rule_key(scope, bus, name));
  home(scope).rules[bus].erase(name);
}

void Rules::save(const Scope& scope, const std::string& bus, const Bus& facts) {
  bus_records_.save(rule_key(scope, bus, {}), Json{{"account", scope.account},
                                                   {"region", scope.region},
                                                   {"name", bus},
                                                   {"description", facts.description},
                                                   {"policy", facts.policy},
                                                   {"created", facts.created.time_since_epoch().count()},
                                                   {"modified", facts.modified.time_since_epoch().count()},
                                                   {"tags", facts.tags}});
}

void Rules::erase_bus(const Scope& scope, const std::string& bus) {
  bus_records_.erase(rule_key(scope, bus, {}));
  home(scope).buses.erase(bus);
  home(scope).rules.erase(bus);
}

void Rules::restore() {
  const auto instant = [](const Json& record, const char* name) {
    return Instant(Duration(record.at(name).get<std::int64_t>()));
  };
  bus_records_.load([&](std::string_view, const Json& record) {
    const Scope scope{.account = record.at("account"), .region = record.at("region")};
    home(scope).buses[record.at("name").get<std::string>()] = {.description = record.at("description"),
                                                               .policy = record.at("policy"),
                                                               .created = instant(record, "created"),
                                                               .modified = instant(record, "modified"),
                                                               .tags = record.at("tags")};
  });
  rule_records_.load([&](std::string_view, const Json& record) {
    const Scope scope{.account = record.at("account"), .region = record.at("region")};
    Rule rule{.name = record.at("name"),
              .bus = record.at("bus"),
              .pattern = record.at("pattern"),
              .schedule = record.at("schedule"),
              .enabled = record.at("enabled"),
              .description = record.at("description"),
              .role = record.at("role"),
              .since = instant(record, "since"),
              .tags = record.at("tags"),
              .targets = record.at("targets")};
    read(rule);
    const std::string name = rule.name;
    home(scope).rules[rule.bus].emplace(name, std::move(rule));
  });
}

}  // namespace aviary::events
