#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/logs/core/event_chunk.hpp"
#include "services/logs/core/insights_value.hpp"

namespace aviary::logs::insights {

/// One line of a query's way: an event and what commands have made of it, or a group of `stats`. Fields that
/// nobody has made are looked for in the event when they are asked for.
class Row {
 public:
  struct Source {
    Event event;
    std::string_view stream;
    std::string_view log;  ///< `123456789012:/aws/lambda/order-processor`
  };

  /// Of a group: it has what is set, and nothing else.
  Row() = default;
  /// Refers to the source until `keep`.
  explicit Row(const Source& source) : source_(source) {}

  Value field(std::string_view name) const;
  void set(std::string_view name, Value value);
  bool is_event() const noexcept { return source_.has_value(); }
  EventKey key() const noexcept { return source_ ? source_->event.key : EventKey{}; }
  /// Copies what it refers to.
  void keep();

 private:
  Value discovered(std::string_view name) const;

  std::optional<Source> source_;
  std::vector<std::pair<std::string, Value>> made_;
  std::string message_, stream_, log_;  ///< of a row that was kept
};

/// `@duration`, `@requestId`, … of a line that Lambda's platform wrote; nothing if it has no such field.
Value lambda_field(std::string_view message, std::string_view name);
/// A value of the JSON document in the event, by `a.b.0.c`.
Value json_field(std::string_view message, std::string_view name);

}  // namespace aviary::logs::insights
