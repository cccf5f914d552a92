#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

/// When maintenance windows open, and who runs what they run.
/// https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html
namespace aviary::ssm {

/// `cron(…)`, `rate(…)`, `at(2026-01-31T12:00:00)`.
bool is_window_schedule(const std::string& text);
/// Schedules of other zones are kept, but nothing is run by them: there is no table of zones.
bool is_utc(const std::string& zone);
/// The first moment after `after` at which the window opens; nothing: it does not, or by another zone.
std::optional<Instant> next_opening(const Json& window, Instant after);

/// Puts `{{WINDOW_ID}}` and the like into a task's payload.
std::string with_pseudo_parameters(std::string text, const Json& values);

/// Whoever can run a function. Ties the service to Lambda.
class TaskFunctions {
 public:
  virtual ~TaskFunctions() = default;
  struct Ask {
    std::string account;
    std::string region;
    std::string function;
    std::string qualifier;
    std::string payload;
    std::string client_context;
  };
  /// Why it did not go well; nothing: it did.
  virtual Task<std::optional<std::string>> run(Ask ask) = 0;
};

}  // namespace aviary::ssm
