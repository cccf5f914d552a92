#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace aviary {
namespace {

struct Civil {
  int year, month, day, hour, minute, second, micros, weekday;
};

Civil civil(Instant at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count()),
          static_cast<int>(duration_cast<microseconds>(time.subseconds()).count()),
          static_cast<int>(weekday{day}.c_encoding())};
}

/// Takes `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + digits, value);
  if (failed != std::errc{} || end != text.data() + digits || value < 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string lambda_timestamp(Instant at) {
  const Civil c = civil(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.micros / 1000);
}

std::string iso8601(Instant at, int fraction_digits) {
  const Civil c = civil(at);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (fraction_digits == 3) text += fmt::format(".{:03}", c.micros / 1000);
  if (fraction_digits == 6) text += fmt::format(".{:06}", c.micros);
  return text += 'Z';
}

std::string http_date(Instant at) {
  static constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Civil c = civil(at);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     weekdays[static_cast<std::size_t>(c.weekday)], c.day,
                     months[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute, c.second);
}

std::optional<Instant> parse_iso8601(std::string_view text) {
  using namespace std::chrono;
  const auto year_part = take_number(text, 4);
  if (!year_part || !take(text, '-')) return std::nullopt;
  const auto month_part = take_number(text, 2);
  if (!month_part || !take(text, '-')) return std::nullopt;
  const auto day_part = take_number(text, 2);
  if (!day_part || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto hour_part = take_number(text, 2);
  if (!hour_part || !take(text, ':')) return std::nullopt;
  const auto minute_part = take_number(text, 2);
  if (!minute_part) return std::nullopt;
  int second_part = 0;
  if (take(text, ':')) {
    const auto seconds_read = take_number(text, 2);
    if (!seconds_read) return std::nullopt;
    second_part = *seconds_read;
  }
  std::int64_t micros = 0;
  if (take(text, '.')) {
    std::int64_t scale = 100000;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      micros += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
      any = true;
    }
    if (!any) return std::nullopt;
  }
  int offset_minutes = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto offset_hours = take_number(text, 2);
    if (!offset_hours) return std::nullopt;
    take(text, ':');
    const auto offset_rest = take_number(text, 2);
    if (!offset_rest) return std::nullopt;
    offset_minutes = sign * (*offset_hours * 60 + *offset_rest);
  }
  if (!text.empty()) return std::nullopt;
  const year_month_day date{year{*year_part}, month{static_cast<unsigned>(*month_part)},
                            day{static_cast<unsigned>(*day_part)}};
  if (!date.ok() || *hour_part > 23 || *minute_part > 59 || second_part > 60) return std::nullopt;
  return Instant{sys_days{date}} + hours{*hour_part} + minutes{*minute_part} + seconds{second_part} +
         microseconds{micros} - minutes{offset_minutes};
}

}  // namespace aviary
