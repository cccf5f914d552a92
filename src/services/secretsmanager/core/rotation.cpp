#include "services/secretsmanager/core/rotation.hpp"

#include <cstdio>
#include <cstring>

#include "models/secretsmanager.hpp"

namespace aviary::secretsmanager {
namespace {

AwsError bad_rules(std::string text) {
  return {models::secretsmanager::errors::InvalidParameterException, std::move(text)};
}

Json moment_record(const std::optional<Instant>& at) {
  return at ? Json(at->time_since_epoch().count()) : Json();
}
std::optional<Instant> moment_in(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(Instant(Duration(value.get<std::int64_t>())));
}

}  // namespace

Result<std::optional<Duration>> rotation_period(const Json& rules) {
  const bool has_days = rules.contains("AutomaticallyAfterDays");
  if (has_days == rules.contains("ScheduleExpression")) {
    if (has_days) return bad_rules("Specify either AutomaticallyAfterDays or ScheduleExpression, not both.");
    return std::optional<Duration>();
  }
  if (has_days)
    return std::optional<Duration>(
        std::chrono::hours(24 * rules["AutomaticallyAfterDays"].get<std::int64_t>()));
  const std::string text = rules["ScheduleExpression"].get<std::string>();
  int count = 0;
  char unit[8] = {};
  int read = 0;
  if (std::sscanf(text.c_str(), "rate(%4d %7[a-z])%n", &count, unit, &read) == 2 &&
      static_cast<std::size_t>(read) == text.size() && count > 0) {
    const bool days = std::strcmp(unit, "day") == 0 || std::strcmp(unit, "days") == 0;
    const bool hours = std::strcmp(unit, "hour") == 0 || std::strcmp(unit, "hours") == 0;
    if (days) return std::optional<Duration>(std::chrono::hours(24 * count));
    // Four hours are the shortest that AWS takes.
    if (hours && count >= 4) return std::optional<Duration>(std::chrono::hours(count));
  }
  return bad_rules(
      "Aviary understands rate(N days) and rate(N hours) from 4 hours on as ScheduleExpression, "
      "and no cron().");
}

Json record_of(const Rotation& rotation) {
  return {{"enabled", rotation.enabled},
          {"function", rotation.function},
          {"rules", rotation.rules},
          {"last", moment_record(rotation.last)},
          {"next", moment_record(rotation.next)}};
}

Rotation rotation_from(const Json& record) {
  Rotation rotation;
  record.at("enabled").get_to(rotation.enabled);
  record.at("function").get_to(rotation.function);
  rotation.rules = record.at("rules");
  rotation.last = moment_in(record.at("last"));
  rotation.next = moment_in(record.at("next"));
  return rotation;
}

}  // namespace aviary::secretsmanager
