#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/logs/core/scope.hpp"

namespace aviary::logs::insights {

/// A value in a query: nothing, a number, a text, or a moment. Texts that look like numbers count as numbers
/// where numbers are wanted, as what is drawn out of a log line is text.
class Value {
 public:
  Value() = default;
  static Value number(double value);
  static Value text(std::string value);
  static Value time(Millis value);
  static Value boolean(bool value) { return number(value ? 1 : 0); }

  bool exists() const noexcept { return kind_ != Kind::Nothing; }
  bool is_time() const noexcept { return kind_ == Kind::Time; }
  /// A moment counts in milliseconds since the epoch.
  std::optional<double> as_number() const;
  /// As results show it: `2026-01-31 12:00:00.000`, `250`, `0.25`; empty for nothing.
  std::string as_text() const;
  /// What a filter lets pass: neither nothing nor 0 nor an empty text.
  bool is_true() const;

 private:
  enum class Kind : std::uint8_t { Nothing, Number, Text, Time };
  Kind kind_ = Kind::Nothing;
  double number_ = 0;
  std::string text_;
};

/// By number if both are numbers, else by text; nothing comes before everything.
std::weak_ordering compare(const Value& a, const Value& b);

}  // namespace aviary::logs::insights
