#include "services/ssm/core/maintenance.hpp"

#include <algorithm>

#include "base/document.hpp"
#include "base/schedule.hpp"

namespace aviary::ssm {
namespace {

std::optional<Instant> moment_of(std::string text) {
  if (text.empty()) return std::nullopt;
  // A date alone, or a moment without a zone, is UTC here.
  if (text.size() == 10) text += "T00:00:00";
  if (text.size() == 16) text += ":00";
  if (text.size() == 19) text += 'Z';
  if (text.size() == 17 && text.ends_with('Z')) text.insert(16, ":00");
  return parse_iso8601(text);
}

std::optional<Instant> at_moment(const std::string& schedule) {
  if (!schedule.starts_with("at(") || !schedule.ends_with(')')) return std::nullopt;
  return moment_of(schedule.substr(3, schedule.size() - 4));
}

}  // namespace

bool is_window_schedule(const std::string& text) {
  return at_moment(text).has_value() || Schedule::parse(text).has_value();
}

bool is_utc(const std::string& zone) {
  static constexpr std::string_view names[] = {"",    "UTC",     "Etc/UTC", "Etc/GMT",
                                               "GMT", "Etc/UCT", "Zulu",    "Etc/Zulu"};
  return std::ranges::find(names, zone) != std::end(names);
}

std::optional<Instant> next_opening(const Json& window, Instant after) {
  if (!flag_of(window, "Enabled") || !is_utc(text_of(window, "ScheduleTimezone"))) return std::nullopt;
  if (const std::optional<Instant> start = moment_of(text_of(window, "StartDate")); start && *start > after)
    after = *start - Duration(1);
  const std::string& text = text_of(window, "Schedule");
  std::optional<Instant> next = at_moment(text);
  if (next && *next <= after) return std::nullopt;
  if (!next) {
    const std::optional<Schedule> schedule = Schedule::parse(text);
    if (!schedule) return std::nullopt;
    const Duration offset = std::chrono::days(window.value("ScheduleOffset", 0));
    const Instant created{std::chrono::seconds(window.value("CreatedDate", std::int64_t{0}))};
    next = schedule->next(created, after - offset);
    if (next) *next += offset;
  }
  const std::optional<Instant> end = moment_of(text_of(window, "EndDate"));
  return next && end && *next > *end ? std::nullopt : next;
}

std::string with_pseudo_parameters(std::string text, const Json& values) {
  for (const auto& [name, value] : values.items()) {
    for (const std::string& mark : {"{{" + name + "}}", "{{ " + name + " }}"})
      for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark))
        text.replace(at, mark.size(), value.get_ref<const std::string&>());
  }
  return text;
}

}  // namespace aviary::ssm
