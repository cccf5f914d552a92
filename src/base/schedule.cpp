#include "base/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace aviary {
namespace {

using std::chrono::sys_days;

std::optional<int> to_number(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// A number, or a name of three letters that stands for one.
std::optional<int> value_of(std::string_view text, std::string_view names, int first) {
  if (names.empty() || text.size() != 3) return to_number(text);
  std::string upper(text);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const std::size_t at = names.find(upper);
  if (at == std::string_view::npos || at % 3 != 0) return to_number(text);
  return static_cast<int>(at / 3) + first;
}

/// Lists, ranges, steps and `*` of one field.
template <std::size_t N>
bool read_field(std::string_view field, int low, int high, std::string_view names, std::bitset<N>& out,
                int base = 0) {
  for (std::string_view part : split(field, ',')) {
    int step = 1;
    const std::size_t slash = part.find('/');
    if (slash != std::string_view::npos) {
      const std::optional<int> given = to_number(part.substr(slash + 1));
      if (!given || *given < 1) return false;
      step = *given;
      part = part.substr(0, slash);
    }
    int from = low;
    int to = high;
    if (part != "*") {
      const std::size_t dash = part.find('-');
      const std::optional<int> first = value_of(part.substr(0, dash), names, low);
      if (!first) return false;
      from = *first;
      to = slash == std::string_view::npos ? from : high;
      if (dash != std::string_view::npos) {
        const std::optional<int> last = value_of(part.substr(dash + 1), names, low);
        if (!last) return false;
        to = *last;
      }
    }
    if (from < low || to > high) return false;
    // FRI-MON goes around.
    const int span = to >= from ? to - from : to - from + (high - low + 1);
    for (int i = 0; i <= span; i += step)
      out.set(static_cast<std::size_t>((from - low + i) % (high - low + 1) + low - base));
  }
  return true;
}

constexpr std::string_view month_names = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
constexpr std::string_view day_names = "SUNMONTUEWEDTHUFRISAT";

}  // namespace

std::optional<Schedule> Schedule::parse(std::string_view expression) {
  if (!expression.ends_with(')')) return std::nullopt;
  if (expression.starts_with("cron(")) return parse_cron(expression.substr(5, expression.size() - 6));
  if (!expression.starts_with("rate(")) return std::nullopt;
  const std::vector<std::string_view> words = split(expression.substr(5, expression.size() - 6), ' ');
  const std::optional<int> count = to_number(words.front());
  if (words.size() != 2 || !count || *count < 1) return std::nullopt;
  const bool one = *count == 1;
  Schedule schedule;
  if (words[1] == (one ? "minute" : "minutes"))
    schedule.rate_ = std::chrono::minutes(*count);
  else if (words[1] == (one ? "hour" : "hours"))
    schedule.rate_ = std::chrono::hours(*count);
  else if (words[1] == (one ? "day" : "days"))
    schedule.rate_ = std::chrono::hours(24) * *count;
  else
    return std::nullopt;
  return schedule;
}

std::optional<Schedule> Schedule::parse_cron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(text, ' '))
    if (!field.empty()) fields.push_back(field);
  if (fields.size() != 6) return std::nullopt;
  Schedule schedule;
  Cron& cron = schedule.cron_;
  if (!read_field(fields[0], 0, 59, {}, cron.minutes) || !read_field(fields[1], 0, 23, {}, cron.hours) ||
      !read_field(fields[3], 1, 12, month_names, cron.months) ||
      !read_field(fields[5], 1970, 2199, {}, cron.years, 1970))
    return std::nullopt;
  const std::string_view days = fields[2];
  const std::string_view weekdays = fields[4];
  // One of the two has to be `?`.
  if ((days == "?") == (weekdays == "?")) return std::nullopt;
  cron.any_day = days == "?" || days == "*";
  cron.any_weekday = weekdays == "?" || weekdays == "*";
  if (days == "L") {
    cron.last_day = true;
  } else if (days.ends_with('W')) {
    const std::optional<int> day = to_number(days.substr(0, days.size() - 1));
    if (!day || *day < 1 || *day > 31) return std::nullopt;
    cron.nearest_weekday = *day;
  } else if (!cron.any_day && !read_field(days, 1, 31, {}, cron.days)) {
    return std::nullopt;
  }
  const std::size_t hash = weekdays.find('#');
  if (hash != std::string_view::npos) {
    const std::optional<int> day = value_of(weekdays.substr(0, hash), day_names, 1);
    const std::optional<int> nth = to_number(weekdays.substr(hash + 1));
    if (!day || !nth || *day < 1 || *day > 7 || *nth < 1 || *nth > 5) return std::nullopt;
    cron.nth_weekday = *day;
    cron.nth = *nth;
  } else if (weekdays.ends_with('L')) {
    const std::string_view day_text = weekdays.substr(0, weekdays.size() - 1);
    const std::optional<int> day = day_text.empty() ? std::optional(7) : value_of(day_text, day_names, 1);
    if (!day || *day < 1 || *day > 7) return std::nullopt;
    cron.last_weekday = *day;
  } else if (!cron.any_weekday && !read_field(weekdays, 1, 7, day_names, cron.weekdays)) {
    return std::nullopt;
  }
  return schedule;
}

bool Schedule::matches(sys_days day) const {
  const std::chrono::year_month_day date(day);
  const int year = static_cast<int>(date.year());
  if (year < 1970 || year > 2199 || !cron_.years[static_cast<std::size_t>(year - 1970)]) return false;
  if (!cron_.months[static_cast<unsigned>(date.month())]) return false;
  const unsigned of_month = static_cast<unsigned>(date.day());
  const sys_days last =
      std::chrono::year_month_day_last(date.year(), std::chrono::month_day_last(date.month()));
  const unsigned days_in_month = static_cast<unsigned>(std::chrono::year_month_day(last).day());
  const unsigned weekday = std::chrono::weekday(day).c_encoding() + 1;
  if (cron_.last_day) return of_month == days_in_month;
  if (cron_.nearest_weekday > 0) {
    const unsigned wanted = std::min(static_cast<unsigned>(cron_.nearest_weekday), days_in_month);
    sys_days nearest = sys_days(date.year() / date.month() / std::chrono::day(wanted));
    const unsigned on = std::chrono::weekday(nearest).c_encoding();
    if (on == 6) nearest += std::chrono::days(wanted == 1 ? 2 : -1);
    if (on == 0) nearest += std::chrono::days(wanted == days_in_month ? -2 : 1);
    return day == nearest;
  }
  if (cron_.nth_weekday > 0)
    return weekday == static_cast<unsigned>(cron_.nth_weekday) &&
           (of_month + 6) / 7 == static_cast<unsigned>(cron_.nth);
  if (cron_.last_weekday > 0)
    return weekday == static_cast<unsigned>(cron_.last_weekday) && of_month + 7 > days_in_month;
  return (cron_.any_day || cron_.days[of_month]) && (cron_.any_weekday || cron_.weekdays[weekday]);
}

std::optional<Instant> Schedule::next(Instant start, Instant after) const {
  if (rate_ > Duration::zero()) {
    if (after < start) return start + rate_;
    return start + ((after - start) / rate_ + 1) * rate_;
  }
  sys_days day = std::chrono::floor<std::chrono::days>(after);
  const sys_days end = sys_days(std::chrono::year(2200) / std::chrono::January / 1);
  for (; day < end; day += std::chrono::days(1)) {
    if (!matches(day)) continue;
    for (int hour = 0; hour < 24; ++hour) {
      if (!cron_.hours[static_cast<std::size_t>(hour)]) continue;
      for (int minute = 0; minute < 60; ++minute) {
        const Instant at = day + std::chrono::hours(hour) + std::chrono::minutes(minute);
        if (cron_.minutes[static_cast<std::size_t>(minute)] && at > after) return at;
      }
    }
  }
  return std::nullopt;
}

}  // namespace aviary
