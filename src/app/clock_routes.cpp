// `/_aviary/clock`: what time it is in the emulated cloud, and driving it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <variant>

#include "app/admin.hpp"
#include "app/parts.hpp"
#include "base/bounded_json.hpp"
#include "base/duration.hpp"
#include "base/time.hpp"

namespace aviary::app {
namespace {

std::string mode_of(const host::SystemClock& clock) {
  switch (clock.mode()) {
    case host::ClockMode::Real:
      return "real";
    case host::ClockMode::Manual:
      return "manual";
    case host::ClockMode::Scaled:
      return fmt::format("scaled={:g}", clock.speed());
  }
  return "real";
}

Json report(const host::SystemClock& clock) {
  const std::optional<Instant> next = clock.next_due();
  return {{"mode", mode_of(clock)},
          {"now", iso8601(clock.now())},
          {"pending", clock.pending()},
          {"next", next ? Json(iso8601(*next)) : Json(nullptr)}};
}

/// Waits until what a timer has started has come to its end: functions that it invoked, requests that it
/// sent. What a client waited for before the drive is not waited for: it may be what drives. Functions end by
/// their time-outs.
struct Before {
  std::size_t invocations;
  std::size_t requests;
  std::size_t holds;
};
Task<> settle(Parts& parts, Before before) {
  // What ended may set its next timer, or start the next invocation, a few turns of the loop later.
  constexpr int turns = 32;
  const auto busy = [&] {
    if (parts.runner->in_flight() > before.invocations || parts.hooks.size() > before.requests ||
        parts.clock_holds > before.holds)
      return true;
    // An invocation that has answered counts, in metrics too, when its environment is ready for the next.
    const std::vector<execution::EnvironmentInfo> environments = parts.runner->environments();
    return std::ranges::find(environments, "responded", &execution::EnvironmentInfo::state) !=
           environments.end();
  };
  while (busy()) {
    co_await sleep_for(parts.stopwatch, std::chrono::milliseconds(1));
    for (int turn = 0; turn < turns && !busy(); ++turn)
      co_await boost::asio::post(parts.loop, boost::asio::use_awaitable);
  }
  parts.runner->observations().settle();
}

host::DriveHooks drive_hooks(Parts& parts, std::function<bool()> until = {}) {
  // An asynchronous event that was accepted before belongs to the moment in which it was: time moves on when
  // it has run.
  const std::size_t running = parts.runner->in_flight();
  const std::size_t waited_for = running - std::min(running, parts.lambda->in_background());
  return {.until = std::move(until),
          .settle = [&parts, before = Before{waited_for, parts.hooks.size(), parts.clock_holds}] {
            return settle(parts, before);
          }};
}

/// `{"mode": "manual"}`, `{"now": "2026-01-01T00:00:00Z"}`, or both. Both are checked before either is done.
Task<wire::Response> set(Parts& parts, std::string text) {
  host::SystemClock& clock = parts.clock;
  const Json body = parse_bounded<Json>(text);
  if (!body.is_object() || (!body.contains("mode") && !body.contains("now")))
    co_return error_response(
        400,
        R"(The body is {"mode": "real" | "scaled=N" | "manual", "now": "2026-01-01T00:00:00Z"}, either or both.)");
  std::optional<ClockSetting> setting;
  if (body.contains("mode")) {
    setting = body["mode"].is_string() ? parse_clock_setting(body["mode"].get<std::string>()) : std::nullopt;
    if (!setting) co_return error_response(400, "mode is real, scaled=N (N > 0) or manual");
  }
  std::optional<Instant> now;
  if (body.contains("now")) {
    now = body["now"].is_string() ? parse_iso8601(body["now"].get<std::string>()) : std::nullopt;
    if (!now) co_return error_response(400, "now is a time as 2026-01-01T00:00:00Z");
  }
  parts.runner->observations().settle();
  if (setting) clock.set_mode(setting->mode, setting->speed);
  if (now) {
    auto hooks = drive_hooks(parts);
    co_await clock.set_now(*now, std::move(hooks));
  }
  co_return json_response(report(clock));
}

/// `alarm canary-errors is ALARM`, as a question that can be asked again and again.
struct Condition {
  std::function<std::optional<std::string>()> look;  ///< nothing: there is no such thing
  std::string wanted;
  std::string problem;  ///< why it is none; else empty
};

Condition parse_condition(Parts& parts, const std::string& text, const wire::Request& request) {
  const std::size_t name_at = text.find(' ');
  const std::size_t is_at = text.rfind(" is ");
  if (name_at == std::string::npos || is_at == std::string::npos || is_at <= name_at)
    return {{}, {}, "until is a condition as: alarm NAME is ALARM"};
  const std::string kind = text.substr(0, name_at);
  const auto probe = parts.probes.find(kind);
  if (probe == parts.probes.end()) {
    std::string known;
    for (const auto& [name, each] : parts.probes) known += (known.empty() ? "" : ", ") + name;
    return {{}, {}, fmt::format("until knows no {}, but: {}", kind, known)};
  }
  std::string wanted = text.substr(is_at + 4);
  const std::vector<std::string>& states = probe->second.states;
  if (std::ranges::find(states, wanted) == states.end())
    return {{}, {}, fmt::format("the states of {} are {}", kind, fmt::join(states, ", "))};
  auto look = [find = probe->second.find, name = text.substr(name_at + 1, is_at - name_at - 1),
               account = query_parameter(request, "account").value_or(parts.options.account),
               region = query_parameter(request, "region").value_or(parts.options.region)] {
    return find(account, region, name);
  };
  return {std::move(look), std::move(wanted), {}};
}

constexpr std::string_view advance_usage =
    R"(The body is {"by": "10m"}, {"to": "next"} or {"until": "alarm NAME is ALARM", "within": "24h"}.)";

/// How far a drive goes at most.
std::variant<Duration, wire::Response> distance_of(const host::SystemClock& clock, const Json& body) {
  const auto has = [&body](const char* name) { return body.contains(name) && body[name].is_string(); };
  if (body.is_object() && body.size() == 1 && body.contains("to") && body["to"] == "next") {
    const std::optional<Instant> next = clock.next_due();
    if (!next) return error_response(409, "Nothing is due: no timer is pending.");
    return std::max(*next - clock.now(), Duration{0});
  }
  const bool by = body.is_object() && body.size() == 1 && has("by");
  const bool until = body.is_object() && has("until") && body.size() == (has("within") ? 2U : 1U);
  if (!by && !until) return error_response(400, advance_usage);
  const char* name = by ? "by" : "within";
  if (!has(name)) return Duration(std::chrono::days(1));
  const std::optional<Duration> parsed = parse_duration(body[name].get<std::string>());
  if (!parsed)
    return error_response(400, fmt::format("{} is a duration as 500ms, 90s, 10m, 1h30m or 7d", name));
  return *parsed;
}

Task<wire::Response> advance(Parts& parts, wire::Request request) {
  host::SystemClock& clock = parts.clock;
  const Json body = parse_bounded<Json>(request.body);
  auto distance = distance_of(clock, body);
  if (auto* refusal = std::get_if<wire::Response>(&distance)) co_return std::move(*refusal);
  Condition condition;
  std::function<bool()> until;
  if (body.contains("until")) {
    condition = parse_condition(parts, body["until"].get<std::string>(), request);
    if (!condition.problem.empty()) co_return error_response(400, condition.problem);
    if (!condition.look())
      co_return error_response(
          404, fmt::format("There is nothing of that name: {}", body["until"].get<std::string>()));
    until = [condition] { return condition.look() == condition.wanted; };
  }
  const Instant before = clock.now();
  auto hooks = drive_hooks(parts, until);
  // What came to its end before time moved is no part of what this drive ran, however late it was counted.
  auto settled = hooks.settle();
  co_await std::move(settled);
  parts.happenings.begin();
  auto drive = clock.drive(std::get<Duration>(distance), std::move(hooks));
  const host::Driven driven = co_await std::move(drive);
  Json answer = report(clock);
  answer["from"] = iso8601(before);
  answer["timers"] = driven.timers;
  answer["ran"] = parts.happenings.end();
  if (!until || driven.reached) co_return json_response(answer);
  answer["message"] = fmt::format("Not within that time: it is {}.", condition.look().value_or("gone"));
  co_return json_response(answer, 409);
}

}  // namespace

std::optional<ClockSetting> parse_clock_setting(std::string_view text) {
  if (text == "real") return ClockSetting{host::ClockMode::Real, 1};
  if (text == "manual") return ClockSetting{host::ClockMode::Manual, 1};
  if (!text.starts_with("scaled=")) return std::nullopt;
  text.remove_prefix(7);
  double speed = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), speed);
  if (failed != std::errc{} || end != text.data() + text.size() || !(speed > 0) || speed > 1e6)
    return std::nullopt;
  return ClockSetting{host::ClockMode::Scaled, speed};
}

void add_clock_routes(Parts& parts) {
  host::SystemClock& clock = parts.clock;
  parts.admin.add("GET", "/_aviary/clock",
                  [&clock](const wire::Request&) { return json_response(report(clock)); });
  parts.admin.add_task("PUT", "/_aviary/clock",
                       [&parts](wire::Request request) { return set(parts, std::move(request.body)); });
  parts.admin.add_task("POST", "/_aviary/clock/advance",
                       [&parts](wire::Request request) { return advance(parts, std::move(request)); });
}

}  // namespace aviary::app
