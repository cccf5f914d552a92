#include "services/logs/core/date_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/document.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> days{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};
constexpr std::string_view letters = "yuMdHhmsSaEZXxz";

/// What has been read of a date.
struct Fields {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, micros = 0;
  std::optional<bool> afternoon;
  std::optional<minutes> zone;
};

bool take_number(std::string_view& text, int least, int most, int& number) {
  int digits = 0;
  while (digits < most && static_cast<std::size_t>(digits) < text.size() && text[digits] >= '0' &&
         text[digits] <= '9')
    ++digits;
  if (digits < least || digits == 0) return false;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(static_cast<std::size_t>(digits));
  return true;
}

template <std::size_t Count>
bool take_name(std::string_view& text, const std::array<std::string_view, Count>& names, bool whole,
               int& index) {
  for (std::size_t i = 0; i < Count; ++i) {
    const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    index = static_cast<int>(i);
    return true;
  }
  return false;
}

/// `Z`, `UTC`, `GMT`, `+0200`, `+02:00`, `+02`, `UTC+2`.
std::optional<minutes> take_zone(std::string_view& text) {
  bool named = false;
  for (const std::string_view word : {"UTC", "GMT", "Z"})
    if (text.starts_with(word)) {
      text.remove_prefix(word.size());
      named = true;
      break;
    }
  if (text.empty() || (text[0] != '+' && text[0] != '-'))
    return named ? std::optional(minutes(0)) : std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int hour = 0;
  int minute = 0;
  if (!take_number(text, 1, 2, hour)) return std::nullopt;
  if (text.starts_with(":")) text.remove_prefix(1);
  take_number(text, 2, 2, minute);
  return minutes(sign * (hour * 60 + minute));
}

bool take_fraction(std::string_view& text, int count, int& micros) {
  if (text.size() < static_cast<std::size_t>(count)) return false;
  std::string digits(text.substr(0, static_cast<std::size_t>(count)));
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return false;
  text.remove_prefix(digits.size());
  digits.resize(6, '0');
  std::from_chars(digits.data(), digits.data() + digits.size(), micros);
  return true;
}

bool take(char letter, int count, std::string_view& text, Fields& fields) {
  int index = 0;
  switch (letter) {
    case 'y':
    case 'u':
      if (!take_number(text, count == 2 ? 2 : 1, count == 2 ? 2 : 4, fields.year)) return false;
      if (count == 2) fields.year += 2000;
      return true;
    case 'M':
      if (count < 3) return take_number(text, count, 2, fields.month);
      if (!take_name(text, months, count > 3, index)) return false;
      fields.month = index + 1;
      return true;
    case 'd':
      return take_number(text, count, 2, fields.day);
    case 'H':
    case 'h':
      return take_number(text, count, 2, fields.hour);
    case 'm':
      return take_number(text, count, 2, fields.minute);
    case 's':
      return take_number(text, count, 2, fields.second);
    case 'S':
      return take_fraction(text, count, fields.micros);
    case 'E':
      return take_name(text, days, count > 3, index);
    case 'a': {
      const bool after = text.starts_with("PM") || text.starts_with("pm");
      if (!after && !text.starts_with("AM") && !text.starts_with("am")) return false;
      fields.afternoon = after;
      text.remove_prefix(2);
      return true;
    }
    default:
      fields.zone = take_zone(text);
      return fields.zone.has_value();
  }
}

std::string zone_text(char letter, int count, minutes zone) {
  if (zone == minutes(0) && (letter == 'X' || letter == 'z')) return letter == 'X' ? "Z" : "UTC";
  const auto off = std::abs(zone.count());
  const char sign = zone < minutes(0) ? '-' : '+';
  if (letter != 'Z' && count == 1) return fmt::format("{}{:02}", sign, off / 60);
  const bool colon = letter == 'z' || (letter != 'Z' && count == 3);
  return fmt::format("{}{:02}{}{:02}", sign, off / 60, colon ? ":" : "", off % 60);
}

Result<minutes> zone_of(const Json& settings, const char* member) {
  std::string_view text = text_of(settings, member);
  if (text.empty()) return minutes(0);
  const std::string given(text);
  const std::optional<minutes> zone = take_zone(text);
  if (zone && text.empty()) return *zone;
  return invalid_parameter(
      fmt::format("The time zone {} is not part of Aviary: say UTC or a difference, as in UTC+2.", given));
}

}  // namespace

Result<DateFormat> DateFormat::parse(std::string_view pattern) {
  DateFormat format;
  const auto add_text = [&format](char c) {
    if (format.parts_.empty() || format.parts_.back().letter != 0) format.parts_.push_back({0, 0, {}});
    format.parts_.back().text.push_back(c);
  };
  bool quoted = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '\'') {
      const bool doubled = at + 1 < pattern.size() && pattern[at + 1] == '\'';
      if (doubled) {
        add_text('\'');
        ++at;
      } else {
        quoted = !quoted;
      }
      continue;
    }
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (quoted || !is_letter) {
      add_text(c);
      continue;
    }
    if (letters.find(c) == std::string_view::npos)
      return invalid_parameter(
          fmt::format("The letter {} of the date pattern {} is not supported.", c, pattern));
    if (!format.parts_.empty() && format.parts_.back().letter == c && pattern[at - 1] == c) {
      ++format.parts_.back().count;
    } else {
      format.parts_.push_back({c, 1, {}});
    }
  }
  return format;
}

std::optional<Instant> DateFormat::read(std::string_view text, minutes zone) const {
  Fields fields;
  for (const Part& part : parts_) {
    if (part.letter == 0) {
      if (!text.starts_with(part.text)) return std::nullopt;
      text.remove_prefix(part.text.size());
    } else if (!take(part.letter, part.count, text, fields)) {
      return std::nullopt;
    }
  }
  if (!text.empty()) return std::nullopt;
  if (fields.afternoon) fields.hour = fields.hour % 12 + (*fields.afternoon ? 12 : 0);
  const std::chrono::year_month_day date{std::chrono::year(fields.year),
                                         std::chrono::month(static_cast<unsigned>(fields.month)),
                                         std::chrono::day(static_cast<unsigned>(fields.day))};
  if (!date.ok() || fields.hour > 23 || fields.minute > 59 || fields.second > 59) return std::nullopt;
  return Instant(std::chrono::sys_days(date)) + std::chrono::hours(fields.hour) + minutes(fields.minute) +
         std::chrono::seconds(fields.second) + std::chrono::microseconds(fields.micros) -
         fields.zone.value_or(zone);
}

std::string DateFormat::write(Instant at, minutes zone) const {
  const Instant local = at + zone;
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss time(local - midnight);
  const auto month = static_cast<unsigned>(date.month());
  const auto hour = time.hours().count();
  const std::string_view day = days[std::chrono::weekday(midnight).c_encoding()];
  std::string out;
  for (const Part& part : parts_) {
    const auto padded = [&](std::int64_t value) { out += fmt::format("{:0{}}", value, part.count); };
    switch (part.letter) {
      case 0:
        out += part.text;
        break;
      case 'y':
      case 'u':
        padded(part.count == 2 ? static_cast<int>(date.year()) % 100 : static_cast<int>(date.year()));
        break;
      case 'M':
        if (part.count < 3) {
          padded(month);
        } else {
          out += part.count > 3 ? months[month - 1] : months[month - 1].substr(0, 3);
        }
        break;
      case 'd':
        padded(static_cast<unsigned>(date.day()));
        break;
      case 'H':
        padded(hour);
        break;
      case 'h':
        padded(hour % 12 == 0 ? 12 : hour % 12);
        break;
      case 'm':
        padded(time.minutes().count());
        break;
      case 's':
        padded(time.seconds().count());
        break;
      case 'S': {
        std::string digits = fmt::format("{:06}", time.subseconds().count());
        digits.resize(static_cast<std::size_t>(part.count), '0');
        out += digits;
        break;
      }
      case 'a':
        out += hour < 12 ? "AM" : "PM";
        break;
      case 'E':
        out += part.count > 3 ? day : day.substr(0, 3);
        break;
      default:
        out += zone_text(part.letter, part.count, zone);
    }
  }
  return out;
}

Result<DateConversion> DateConversion::parse(const Json& settings) {
  DateConversion conversion;
  const std::string& locale = text_of(settings, "locale");
  if (!locale.empty() && !locale.starts_with("en") && locale != "ROOT" && locale != "locale.ROOT")
    return invalid_parameter(fmt::format("The locale {} is not part of Aviary: en is.", locale));
  for (const std::string& pattern : texts_of(settings, "matchPatterns")) {
    Result<DateFormat> format = DateFormat::parse(pattern);
    if (!format) return format.error();
    conversion.sources_.push_back(std::move(*format));
  }
  const std::string& target = text_of(settings, "targetFormat");
  Result<DateFormat> format = DateFormat::parse(target.empty() ? "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'" : target);
  if (!format) return format.error();
  conversion.target_ = std::move(*format);
  const Result<minutes> source_zone = zone_of(settings, "sourceTimezone");
  if (!source_zone) return source_zone.error();
  const Result<minutes> target_zone = zone_of(settings, "targetTimezone");
  if (!target_zone) return target_zone.error();
  conversion.source_zone_ = *source_zone;
  conversion.target_zone_ = *target_zone;
  return conversion;
}

std::optional<std::string> DateConversion::convert(std::string_view text) const {
  for (const DateFormat& source : sources_)
    if (const std::optional<Instant> at = source.read(text, source_zone_))
      return target_.write(*at, target_zone_);
  return std::nullopt;
}

}  // namespace aviary::logs
