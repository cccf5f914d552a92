// `/_aviary/clock`: what time it is in the emulated cloud, and driving it.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "app/admin.hpp"
#include "app/parts.hpp"
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

/// `{"mode": "manual"}`, `{"now": "2026-01-01T00:00:00Z"}`, or both. Both are checked before either is done.
Task<wire::Response> set(host::SystemClock& clock, std::string text) {
  const Json body = Json::parse(text, nullptr, false);
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
  if (setting) clock.set_mode(setting->mode, setting->speed);
  if (now) co_await clock.set_now(*now);
  co_return json_response(report(clock));
}

/// `{"by": "10m"}` or `{"to": "next"}`.
Task<wire::Response> advance(host::SystemClock& clock, std::string text) {
  const Json body = Json::parse(text, nullptr, false);
  const bool by = body.is_object() && body.size() == 1 && body.contains("by") && body["by"].is_string();
  const bool to_next = body.is_object() && body.size() == 1 && body.contains("to") && body["to"] == "next";
  if (!by && !to_next) co_return error_response(400, R"(The body is {"by": "10m"} or {"to": "next"}.)");
  Duration distance{0};
  if (by) {
    const std::optional<Duration> parsed = parse_duration(body["by"].get<std::string>());
    if (!parsed) co_return error_response(400, "by is a duration as 500ms, 90s, 10m, 1h30m or 7d");
    distance = *parsed;
  } else {
    const std::optional<Instant> next = clock.next_due();
    if (!next) co_return error_response(409, "Nothing is due: no timer is pending.");
    distance = *next - clock.now();
  }
  const Instant before = clock.now();
  co_await clock.advance(distance);
  Json answer = report(clock);
  answer["from"] = iso8601(before);
  co_return json_response(answer);
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

std::optional<Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    Duration length;
  };
  // Longest names first, so that `ms` is not read as `m`.
  static constexpr Unit units[] = {{"ms", std::chrono::milliseconds(1)},
                                   {"d", std::chrono::days(1)},
                                   {"h", std::chrono::hours(1)},
                                   {"m", std::chrono::minutes(1)},
                                   {"s", std::chrono::seconds(1)}};
  if (text.empty()) return std::nullopt;
  Duration total{0};
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failed != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* unit = nullptr;
    for (const Unit& candidate : units)
      if (unit == nullptr && text.starts_with(candidate.name)) unit = &candidate;
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += unit->length * static_cast<std::int64_t>(count);
    if (total > std::chrono::days(36500)) return std::nullopt;
  }
  return total;
}

void add_clock_routes(Parts& parts) {
  host::SystemClock& clock = parts.clock;
  parts.admin.add("GET", "/_aviary/clock",
                  [&clock](const wire::Request&) { return json_response(report(clock)); });
  parts.admin.add_task("PUT", "/_aviary/clock",
                       [&clock](wire::Request request) { return set(clock, std::move(request.body)); });
  parts.admin.add_task("POST", "/_aviary/clock/advance",
                       [&clock](wire::Request request) { return advance(clock, std::move(request.body)); });
}

}  // namespace aviary::app
