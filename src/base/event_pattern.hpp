#pragma once

#include <string>
#include <variant>

#include "base/json.hpp"

namespace aviary {

/// The pattern language of EventBridge, which event source mappings and SNS filter policies speak too: an
/// object of the event's shape whose leaves are lists of what a value may be.
///
/// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
class EventPattern {
 public:
  /// The pattern, or what is wrong with it.
  static std::variant<EventPattern, std::string> parse(const Json& document);
  static std::variant<EventPattern, std::string> parse(std::string_view text);

  bool matches(const Json& event) const;
  /// As it was given.
  const Json& document() const noexcept { return document_; }

 private:
  explicit EventPattern(Json document) : document_(std::move(document)) {}
  Json document_;
};

}  // namespace aviary
