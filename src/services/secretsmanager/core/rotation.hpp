#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

/// A secret that is changed by a function of its own, now and then.
/// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html
namespace aviary::secretsmanager {

struct Rotation {
  bool enabled = false;
  std::string function;         ///< ARN
  Json rules = Json::object();  ///< as they were given
  std::optional<Instant> last;
  std::optional<Instant> next;
};

/// How long after one rotation comes the next; nothing: only when somebody asks. An error for what is not
/// understood.
Result<std::optional<Duration>> rotation_period(const Json& rules);

/// What the function is called with, one after the other.
inline constexpr const char* rotation_steps[] = {"createSecret", "setSecret", "testSecret", "finishSecret"};

Json record_of(const Rotation& rotation);
Rotation rotation_from(const Json& record);

/// Whoever can run a function. Ties the service to Lambda.
class RotationFunctions {
 public:
  virtual ~RotationFunctions() = default;
  struct Ask {
    std::string account;
    std::string region;
    std::string function;
    Json event = Json::object();
  };
  /// Why it did not go well; nothing: it did.
  virtual Task<std::optional<std::string>> run(Ask ask) = 0;
};

}  // namespace aviary::secretsmanager
