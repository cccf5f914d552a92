#pragma once

#include <string>

#include "app/version_figures.hpp"
#include "rehearsal/facts.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::app {

struct Parts;

/// What assertions are about, as the emulator's services know it, in one account and region.
class RehearsalFacts final : public rehearsal::Facts {
 public:
  RehearsalFacts(Parts& parts, lambda::Scope scope) : parts_(parts), scope_(std::move(scope)) {}

  Instant now() const override;
  rehearsal::Checked<std::string> function_with_alias(const std::string& function,
                                                      const std::string& alias) const override;
  rehearsal::Checked<std::string> function_with_version(const std::string& function,
                                                        const std::string& version) const override;
  std::optional<rehearsal::AliasFacts> alias(const std::string& function,
                                             const std::string& alias) const override;
  std::map<std::string, double> picked(const std::string& function, const std::string& alias,
                                       const std::string& version) const override;
  std::map<std::string, double> ran(const std::string& function, const std::string& alias,
                                    const rehearsal::Span& span) const override;
  rehearsal::CountFacts counts(const std::string& function, const std::string& version,
                               const rehearsal::Span& span) const override;
  std::optional<double> duration(const std::string& function, const std::string& version,
                                 const std::string& statistic, const rehearsal::Span& span) const override;
  std::optional<rehearsal::DeploymentFacts> deployment(const std::string& id) const override;
  std::optional<std::string> alarm_state(const std::string& name) const override;

 private:
  VersionFigures figures(const std::string& function, const rehearsal::Span& span) const;

  Parts& parts_;
  lambda::Scope scope_;
};

}  // namespace aviary::app
