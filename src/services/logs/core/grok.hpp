#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "services/logs/core/regex.hpp"

namespace aviary::logs {

/// An expression with patterns in it that have names: `%{IPORHOST:client} %{WORD:method}`.
class Grok {
 public:
  /// Refuses patterns that are not known by their names.
  static Result<Grok> compile(std::string_view expression);
  /// What the named parts captured, in order; nothing without a match.
  std::optional<std::vector<std::pair<std::string, std::string>>> match(std::string_view text) const;

 private:
  Grok(Regex regex, std::vector<std::string> fields) : regex_(std::move(regex)), fields_(std::move(fields)) {}

  Regex regex_;
  std::vector<std::string> fields_;  ///< of the groups g0, g1, …: fields' names may have dots
};

}  // namespace aviary::logs
