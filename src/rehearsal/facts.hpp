#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "rehearsal/assertion.hpp"
#include "rehearsal/refusal.hpp"

namespace aviary::rehearsal {

/// A stretch of the past; an end that is not there is open.
struct Span {
  std::optional<Instant> from{};
  std::optional<Instant> until{};
};

struct DeploymentFacts {
  std::string status;  ///< as CodeDeploy names it
  Instant created{};
  std::optional<Instant> completed{};
  std::string reason{};       ///< why it did not succeed
  std::string rollback_id{};  ///< of the deployment that took it back; empty: there was none
  std::string rollback_status{};
  std::optional<Instant> rolled_back{};  ///< when that one was through
  std::string alarm{};                   ///< the first alarm of its group that went off while it ran
  std::optional<Instant> alarmed{};
};

struct AliasFacts {
  std::string version;
  std::string additional_version{};  ///< empty: none
  double additional_percent = 0;
};

struct CountFacts {
  double invokes = 0;
  double errors = 0;
  double throttles = 0;
};

/// What assertions are about, as the emulator knows it. An empty `function` asks for the only one that fits.
class Facts {
 public:
  virtual ~Facts() = default;
  virtual Instant now() const = 0;
  virtual Checked<std::string> function_with_alias(const std::string& function,
                                                   const std::string& alias) const = 0;
  virtual Checked<std::string> function_with_version(const std::string& function,
                                                     const std::string& version) const = 0;
  virtual std::optional<AliasFacts> alias(const std::string& function, const std::string& alias) const = 0;
  /// How often each version was picked while the alias was split between `version` and another one; if it
  /// never was, ever.
  virtual std::map<std::string, double> picked(const std::string& function, const std::string& alias,
                                               const std::string& version) const = 0;
  /// How often each version ran through the alias.
  virtual std::map<std::string, double> ran(const std::string& function, const std::string& alias,
                                            const Span& span) const = 0;
  virtual CountFacts counts(const std::string& function, const std::string& version,
                            const Span& span) const = 0;
  /// Milliseconds; nothing if it never ran.
  virtual std::optional<double> duration(const std::string& function, const std::string& version,
                                         const std::string& statistic, const Span& span) const = 0;
  /// Those that the assertion names are known; nothing: no such deployment.
  virtual std::optional<DeploymentFacts> deployment(const std::string& id) const = 0;
  virtual std::optional<std::string> alarm_state(const std::string& name) const = 0;
};

struct Verdict {
  bool holds = false;
  std::string found;  ///< what is the case, in a sentence
};

/// The refusal says what does not exist.
Checked<Verdict> judge(const Assertion& assertion, const Facts& facts);

}  // namespace aviary::rehearsal
