#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudwatch/core/alarm_state.hpp"

namespace aviary::cloudwatch {

/// A composite alarm's rule: `ALARM("errors") AND NOT (OK(arn:…) OR INSUFFICIENT_DATA(x))`, TRUE and FALSE,
/// and `AT_LEAST(2, ALARM, (a, b, c))`, also in per cent.
class AlarmRule {
 public:
  AlarmRule() = default;
  /// Nothing if the text cannot be read.
  static std::optional<AlarmRule> parse(std::string_view text);

  /// The state of an alarm by its name; nothing if there is none (its terms are then false).
  using StateOf = std::function<std::optional<AlarmState>(const std::string& name)>;
  bool holds(const StateOf& state_of) const;
  /// The names of all alarms in it (the last part of an ARN), each once, in order of appearance.
  const std::vector<std::string>& alarms() const noexcept { return alarms_; }

 private:
  struct Node {
    enum class Kind { Constant, State, And, Or, Not, AtLeast } kind = Kind::Constant;
    bool constant = false;
    AlarmState state = AlarmState::Alarm;
    bool negated = false;  ///< AT_LEAST(1, NOT OK, …)
    double least = 0;      ///< a count, or a part of all when `percent`
    bool percent = false;
    std::vector<std::string> names;
    std::vector<Node> parts;
  };
  friend class RuleParser;
  static bool holds(const Node& node, const StateOf& state_of);

  Node root_;
  std::vector<std::string> alarms_;
};

}  // namespace aviary::cloudwatch
