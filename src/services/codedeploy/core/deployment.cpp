#include "services/codedeploy/core/deployment.hpp"

namespace aviary::codedeploy {
namespace {

constexpr std::string_view status_names[] = {"Created",   "Queued", "InProgress",
                                             "Succeeded", "Failed", "Stopped"};
constexpr std::string_view event_status_names[] = {"Pending", "InProgress", "Succeeded", "Failed", "Skipped"};
constexpr std::string_view step_names[] = {"BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"};

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
Json micros(const std::optional<Instant>& at) { return at ? Json(micros(*at)) : Json(nullptr); }
Instant instant(const Json& at) { return Instant(Duration(at.get<std::int64_t>())); }
std::optional<Instant> maybe_instant(const Json& at) {
  return at.is_null() ? std::nullopt : std::optional<Instant>(instant(at));
}

}  // namespace

std::string_view name_of(Status status) { return status_names[static_cast<std::size_t>(status)]; }
std::string_view name_of(EventStatus status) { return event_status_names[static_cast<std::size_t>(status)]; }
std::string_view name_of(Step step) { return step_names[static_cast<std::size_t>(step)]; }

const std::string& Deployment::hook(Step which) const {
  static const std::string none;
  if (which == Step::BeforeAllowTraffic) return spec.before_hook;
  return which == Step::AfterAllowTraffic ? spec.after_hook : none;
}

bool Deployment::watches(std::string_view alarm) const {
  if (!alarms.is_object() || !alarms.value("enabled", false) || !alarms.contains("alarms")) return false;
  for (const Json& entry : alarms.at("alarms"))
    if (entry.value("name", std::string()) == alarm) return true;
  return false;
}

bool Deployment::rolls_back_on(std::string_view event_name) const {
  if (!auto_rollback.is_object() || !auto_rollback.value("enabled", false) ||
      !auto_rollback.contains("events"))
    return false;
  for (const Json& entry : auto_rollback.at("events"))
    if (entry.get<std::string>() == event_name) return true;
  return false;
}

void to_json(Json& out, const Deployment& d) {
  Json events = Json::array();
  for (const LifecycleEvent& event : d.events)
    events.push_back({{"status", static_cast<int>(event.status)},
                      {"start", micros(event.start)},
                      {"end", micros(event.end)},
                      {"execution_id", event.execution_id},
                      {"problem", event.problem},
                      {"problem_code", event.problem_code}});
  out = Json{{"id", d.id},
             {"order", d.order},
             {"account", d.scope.account},
             {"region", d.scope.region},
             {"application", d.application},
             {"group", d.group},
             {"config", d.config},
             {"routing_type", static_cast<int>(d.routing.type)},
             {"routing_percentage", d.routing.percentage},
             {"routing_interval", d.routing.interval_minutes},
             {"revision", d.revision},
             {"previous_revision", d.previous_revision},
             {"description", d.description},
             {"creator", d.creator},
             {"external_id", d.external_id},
             {"auto_rollback", d.auto_rollback},
             {"alarms", d.alarms},
             {"override_alarms", d.override_alarms},
             {"resource", d.spec.resource},
             {"function", d.spec.function},
             {"alias", d.spec.alias},
             {"current", d.spec.current_version},
             {"target", d.spec.target_version},
             {"before_hook", d.spec.before_hook},
             {"after_hook", d.spec.after_hook},
             {"status", static_cast<int>(d.status)},
             {"step", static_cast<int>(d.step)},
             {"events", events},
             {"created", micros(d.created)},
             {"started", micros(d.started)},
             {"completed", micros(d.completed)},
             {"shifting_since", micros(d.shifting_since)},
             {"percent", d.percent},
             {"began", d.began},
             {"due", micros(d.due)},
             {"updated", micros(d.updated)},
             {"error_code", d.error_code},
             {"error_message", d.error_message},
             {"rollback_id", d.rollback_id},
             {"rollback_trigger_id", d.rollback_trigger_id},
             {"rollback_message", d.rollback_message}};
}

void from_json(const Json& in, Deployment& d) {
  in.at("id").get_to(d.id);
  in.at("order").get_to(d.order);
  in.at("account").get_to(d.scope.account);
  in.at("region").get_to(d.scope.region);
  in.at("application").get_to(d.application);
  in.at("group").get_to(d.group);
  in.at("config").get_to(d.config);
  d.routing = {static_cast<TrafficType>(in.at("routing_type").get<int>()),
               in.at("routing_percentage").get<int>(), in.at("routing_interval").get<int>()};
  d.revision = in.at("revision");
  d.previous_revision = in.at("previous_revision");
  in.at("description").get_to(d.description);
  in.at("creator").get_to(d.creator);
  in.at("external_id").get_to(d.external_id);
  d.auto_rollback = in.at("auto_rollback");
  d.alarms = in.at("alarms");
  in.at("override_alarms").get_to(d.override_alarms);
  in.at("resource").get_to(d.spec.resource);
  in.at("function").get_to(d.spec.function);
  in.at("alias").get_to(d.spec.alias);
  in.at("current").get_to(d.spec.current_version);
  in.at("target").get_to(d.spec.target_version);
  in.at("before_hook").get_to(d.spec.before_hook);
  in.at("after_hook").get_to(d.spec.after_hook);
  d.status = static_cast<Status>(in.at("status").get<int>());
  d.step = static_cast<Step>(in.at("step").get<int>());
  for (std::size_t i = 0; i < step_count; ++i) {
    const Json& from = in.at("events").at(i);
    d.events[i] = {.status = static_cast<EventStatus>(from.at("status").get<int>()),
                   .start = maybe_instant(from.at("start")),
                   .end = maybe_instant(from.at("end")),
                   .execution_id = from.at("execution_id").get<std::string>(),
                   .problem = from.at("problem").get<std::string>(),
                   .problem_code = from.at("problem_code").get<std::string>()};
  }
  d.created = instant(in.at("created"));
  d.started = maybe_instant(in.at("started"));
  d.completed = maybe_instant(in.at("completed"));
  d.shifting_since = maybe_instant(in.at("shifting_since"));
  in.at("percent").get_to(d.percent);
  in.at("began").get_to(d.began);
  d.due = maybe_instant(in.at("due"));
  d.updated = instant(in.at("updated"));
  in.at("error_code").get_to(d.error_code);
  in.at("error_message").get_to(d.error_message);
  in.at("rollback_id").get_to(d.rollback_id);
  in.at("rollback_trigger_id").get_to(d.rollback_trigger_id);
  in.at("rollback_message").get_to(d.rollback_message);
}

}  // namespace aviary::codedeploy
