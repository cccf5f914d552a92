#include "services/events/jobs/event_router.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"

namespace aviary::events {
namespace {

constexpr int hops_at_most = 5;  ///< from bus to bus

}  // namespace

EventRouter::EventRouter(Clock& clock, Random& ids, Rules& rules, Archives& archives,
                         const ApiDestinations& calls, Targets* targets)
    : clock_(clock),
      ids_(ids),
      rules_(rules),
      archives_(archives),
      calls_(calls),
      targets_(targets),
      http_(clock, targets) {}

EventRouter::~EventRouter() { clear(); }

void EventRouter::route(const Scope& scope, const std::string& bus, const Json& event, int hops) {
  archives_.take(scope, bus, event);
  route_to(scope, bus, event, hops, {});
}

void EventRouter::replay(const Scope& scope, const std::string& bus, const Json& event,
                         const std::vector<std::string>& rules) {
  route_to(scope, bus, event, 0, rules);
}

void EventRouter::route_to(const Scope& scope, const std::string& bus, const Json& event, int hops,
                           const std::vector<std::string>& only) {
  // Copies: whoever takes an event in may change rules.
  std::vector<Rule> matching;
  for (const auto& [name, rule] : rules_.home(scope).rules[bus])
    if (rule.enabled && rule.reads && rule.reads->matches(event) &&
        (only.empty() || std::ranges::find(only, rule.arn(scope)) != only.end()))
      matching.push_back(rule);
  for (const Rule& rule : matching) deliver(scope, rule, event, hops);
}

void EventRouter::deliver(const Scope& scope, const Rule& rule, const Json& event, int hops) {
  const std::string rule_arn = rule.arn(scope);
  for (const auto& [id, target] : rule.targets) {
    const std::string arn = target.at("Arn");
    std::string body = target_input(target, event, rule_arn, rule.name, clock_.now());
    if (arn.find(":event-bus/") != std::string::npos) {
      if (hops < hops_at_most) route(scope, arn.substr(arn.rfind('/') + 1), event, hops + 1);
      continue;
    }
    if (targets_ == nullptr) continue;
    Shipment shipment{.sender = scope, .target = arn, .body = std::move(body)};
    if (target.contains("SqsParameters"))
      shipment.group = target.at("SqsParameters").value("MessageGroupId", "");
    if (!shipment.group.empty()) shipment.deduplication_id = event.value("id", "");
    Shipment dead = shipment;
    if (target.contains("DeadLetterConfig"))
      dead.target = target.at("DeadLetterConfig").value("Arn", "");
    else
      dead.target.clear();
    dead.attributes = {{"RULE_ARN", rule_arn}, {"TARGET_ARN", arn}, {"ERROR_CODE", "TARGET_NOT_REACHED"}};
    Targets::Done done = [this, dead = std::move(dead)](const std::optional<std::string>& problem) {
      if (!problem) {
        ++delivered_;
        return;
      }
      ++failed_;
      if (dead.target.empty()) {
        log::warn("an event did not reach {}: {}", dead.attributes.at("TARGET_ARN"), *problem);
        return;
      }
      Shipment letter = dead;
      letter.attributes["ERROR_MESSAGE"] = *problem;
      targets_->ship(std::move(letter), [](const std::optional<std::string>&) {});
    };
    if (is_api_destination(arn)) {
      call_out(scope, target, std::move(shipment.body), std::move(done));
    } else {
      targets_->ship(std::move(shipment), std::move(done));
    }
  }
}

void EventRouter::call_out(const Scope& scope, const Json& target, std::string body, Targets::Done done) {
  const std::string arn = target.at("Arn");
  const Json* destination = calls_.destinations.find(scope, name_in_arn(arn));
  if (destination == nullptr || destination->value("ApiDestinationArn", "") != arn) {
    done("The API destination does not exist.");
    return;
  }
  const Json* connection = calls_.connection_of(scope, *destination);
  if (connection == nullptr || connection->value("ConnectionState", "") != "AUTHORIZED") {
    done("The connection of the API destination is not authorized.");
    return;
  }
  const Json policy = target.value("RetryPolicy", Json::object());
  http_.send({.call = http_call(*destination, *connection, target, std::move(body)),
              .destination = arn,
              .rate = destination->value("InvocationRateLimitPerSecond", 300),
              .attempts = 1 + policy.value("MaximumRetryAttempts", 185),
              .until = clock_.now() + std::chrono::seconds(policy.value("MaximumEventAgeInSeconds", 86'400))},
             std::move(done));
}

void EventRouter::reschedule(const Scope& scope, const std::string& bus, const std::string& name) {
  const RuleId id{.scope = scope, .bus = bus, .name = name};
  if (const auto timer = timers_.find(id); timer != timers_.end()) {
    clock_.cancel(timer->second);
    timers_.erase(timer);
  }
  const Result<Rule*> rule = rules_.find(scope, bus, name);
  if (!rule || !(*rule)->enabled || !(*rule)->runs) return;
  const std::optional<Instant> next = (*rule)->runs->next((*rule)->since, clock_.now());
  if (next) timers_[id] = clock_.call_at(*next, [this, id] { run(id); });
}

void EventRouter::run(const RuleId& id) {
  timers_.erase(id);
  const Result<Rule*> found = rules_.find(id.scope, id.bus, id.name);
  if (!found) return;
  const Rule rule = **found;
  reschedule(id.scope, id.bus, id.name);
  const Json event{{"version", "0"},
                   {"id", ids_.uuid()},
                   {"detail-type", "Scheduled Event"},
                   {"source", "aws.events"},
                   {"account", id.scope.account},
                   {"time", iso8601(clock_.now(), 0)},
                   {"region", id.scope.region},
                   {"resources", {rule.arn(id.scope)}},
                   {"detail", Json::object()}};
  deliver(id.scope, rule, event, 0);
}

void EventRouter::restore() {
  for (const auto& [scope, home] : rules_.all())
    for (const auto& [bus, rules] : home.rules)
      for (const auto& [name, rule] : rules)
        if (rule.runs) reschedule(scope, bus, name);
}

void EventRouter::clear() {
  for (const auto& [id, timer] : timers_) clock_.cancel(timer);
  timers_.clear();
  http_.clear();
}

}  // namespace aviary::events
