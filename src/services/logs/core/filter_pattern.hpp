#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace aviary::logs {

/// What a pattern draws out of an event: `$.eventName` or `$status_code` → text.
using Extracted = std::vector<std::pair<std::string, std::string>>;

/// A filter pattern of CloudWatch Logs: terms (`ERROR -"time out" ?a ?b %re%`), JSON (`{ $.a.b[0] = "x*" && …
/// }`) or columns (`[ip, ..., status = 4*, bytes > 1000]`). Copies share the compiled form.
///
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
class FilterPattern {
 public:
  /// Matches every event, as an empty pattern does.
  FilterPattern() = default;
  /// Refuses, in AWS's words (InvalidParameterException), what is none.
  static Result<FilterPattern> parse(std::string_view text);

  bool matches(std::string_view event) const { return !rule_ || rule_->matches(event); }
  bool matches_everything() const noexcept { return rule_ == nullptr; }
  /// A text without which no event matches; empty if there is none. Searching for it first is what makes a
  /// search fast.
  std::string_view anchor() const noexcept { return rule_ ? rule_->anchor() : std::string_view(); }
  /// Whether an event matches as soon as it contains `anchor()`.
  bool is_anchor_alone() const noexcept { return rule_ && rule_->is_anchor_alone(); }
  /// Whether events are taken apart by it, so that it has values to give.
  bool has_fields() const noexcept { return rule_ && rule_->has_fields(); }
  /// The values of what the pattern names, in an event that matches.
  Extracted extract(std::string_view event) const { return rule_ ? rule_->extract(event) : Extracted{}; }
  /// The value of one selector (`$.latency`, `$size`), also of one that the pattern does not name.
  std::optional<std::string> value(std::string_view event, std::string_view selector) const {
    return rule_ ? rule_->value(event, selector) : std::nullopt;
  }

  class Rule {
   public:
    virtual ~Rule() = default;
    virtual bool matches(std::string_view event) const = 0;
    virtual std::string_view anchor() const noexcept { return {}; }
    virtual bool is_anchor_alone() const noexcept { return false; }
    virtual bool has_fields() const noexcept { return true; }
    virtual Extracted extract(std::string_view) const { return {}; }
    virtual std::optional<std::string> value(std::string_view, std::string_view) const {
      return std::nullopt;
    }
  };

 private:
  std::shared_ptr<const Rule> rule_;
};

}  // namespace aviary::logs
