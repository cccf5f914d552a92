#include "services/logs/core/insights_value.hpp"

#include <fmt/format.h>

#include <cmath>

#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs::insights {

Value Value::number(double value) {
  Value made;
  // What has no value (a division by zero) is nothing.
  if (!std::isfinite(value)) return made;
  made.kind_ = Kind::Number;
  made.number_ = value;
  return made;
}

Value Value::text(std::string value) {
  Value made;
  made.kind_ = Kind::Text;
  made.text_ = std::move(value);
  return made;
}

Value Value::time(Millis value) {
  Value made;
  made.kind_ = Kind::Time;
  made.number_ = static_cast<double>(value);
  return made;
}

std::optional<double> Value::as_number() const {
  switch (kind_) {
    case Kind::Nothing:
      return std::nullopt;
    case Kind::Text:
      return parse_number(text_);
    case Kind::Number:
    case Kind::Time:
      break;
  }
  return number_;
}

std::string Value::as_text() const {
  constexpr double exact = 9.007e15;  // beyond it not every integer is a double
  switch (kind_) {
    case Kind::Nothing:
      return {};
    case Kind::Text:
      return text_;
    case Kind::Number:
      if (number_ == std::floor(number_) && std::fabs(number_) < exact) return fmt::format("{:.0f}", number_);
      return fmt::format("{}", number_);
    case Kind::Time: {
      std::string text = iso8601(to_instant(static_cast<Millis>(number_)));
      text.pop_back();  // the Z
      text[text.find('T')] = ' ';
      return text;
    }
  }
  return {};
}

bool Value::is_true() const {
  switch (kind_) {
    case Kind::Nothing:
      return false;
    case Kind::Text:
      return !text_.empty() && text_ != "false" && text_ != "0";
    case Kind::Number:
    case Kind::Time:
      break;
  }
  return number_ != 0;
}

std::weak_ordering compare(const Value& a, const Value& b) {
  if (!a.exists() || !b.exists()) return a.exists() <=> b.exists();
  const std::optional<double> x = a.as_number();
  const std::optional<double> y = b.as_number();
  if (x && y) {
    if (*x < *y) return std::weak_ordering::less;
    return *x > *y ? std::weak_ordering::greater : std::weak_ordering::equivalent;
  }
  return a.as_text() <=> b.as_text();
}

}  // namespace aviary::logs::insights
