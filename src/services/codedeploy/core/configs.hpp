#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/records.hpp"
#include "services/codedeploy/core/applications.hpp"
#include "services/codedeploy/core/traffic.hpp"

namespace aviary::codedeploy {

/// A deployment configuration, predefined or custom.
struct Config {
  std::string id;
  std::string name;
  TrafficRouting routing;
  Instant created{};
  Tags tags{};
};

/// Deployment configurations: those that come with the service, the same in every region, and each region's
/// own.
class Configs {
 public:
  explicit Configs(Journal& journal) : records_(journal, "codedeploy_configs") {}

  std::optional<Config> find(const Scope& scope, std::string_view name) const;
  /// Errors: the name is taken, or reserved.
  Result<> add(const Scope& scope, Config config);
  /// Nothing happens when there is none of this name (the operation's model has no error for that).
  void erase(const Scope& scope, std::string_view name);
  void set_tags(const Scope& scope, std::string_view name, Tags tags);
  /// All names, in order: predefined and own.
  std::vector<std::string> names(const Scope& scope) const;

  void restore();
  void clear() { scopes_.clear(); }

 private:
  using ByName = std::map<std::string, Config, std::less<>>;
  void save(const Scope& scope, const Config& config);

  std::map<Scope, ByName> scopes_;
  Records<Json> records_;
};

/// Whether the name is one of the configurations that come with the service at AWS for other platforms than
/// Lambda: `CodeDeployDefault.OneAtATime`, `CodeDeployDefault.ECSAllAtOnce`, …
bool is_for_other_platform(std::string_view config);
bool is_predefined(std::string_view config);

}  // namespace aviary::codedeploy
