#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/records.hpp"
#include "services/codedeploy/core/scope.hpp"

namespace aviary::codedeploy {

using Tags = std::map<std::string, std::string>;

/// A revision that an application knows: registered by hand, or by a deployment that used it.
struct Revision {
  Json location;  ///< `RevisionLocation`
  std::string description;
  Instant registered{};
  std::optional<Instant> first_used{};
  std::optional<Instant> last_used{};
  std::set<std::string> groups{};  ///< names of groups that it was deployed to

  bool operator==(const Revision&) const = default;
};

/// What is the same for every deployment of one alias: how traffic moves, what watches over it.
struct Group {
  std::string id;  ///< a UUID
  std::string name;
  std::string config;  ///< name of its deployment configuration
  std::string role;    ///< ARN; kept and given back
  Json triggers = Json::array();
  Json alarms;         ///< AlarmConfiguration, or null
  Json auto_rollback;  ///< AutoRollbackConfiguration, or null
  std::string outdated_strategy;
  Json target_revision;  ///< of the newest deployment, or null
  std::string last_attempted;
  std::string last_successful;  ///< ids of deployments; empty: none
  /// Deployments of a lower order were made by a group of the same name that is gone.
  std::uint64_t first_order = 0;
  Tags tags{};
};

struct Application {
  std::string id;  ///< a UUID
  std::string name;
  Scope scope;
  Instant created{};
  Tags tags{};
  std::map<std::string, Group, std::less<>> groups{};
  std::map<std::string, Revision, std::less<>> revisions{};  ///< by `revision_key`
};

/// All applications with their groups and revisions. Synchronous; what is changed is written at once.
class Applications {
 public:
  explicit Applications(Journal& journal);

  using ByName = std::map<std::string, Application, std::less<>>;
  const ByName& in(const Scope& scope) const;
  const Application* find(const Scope& scope, std::string_view name) const;
  const Group* find_group(const Scope& scope, std::string_view application, std::string_view group) const;

  /// The names must be free, or be those of what is replaced; who calls has looked.
  void add(Application application);
  void rename(const Scope& scope, std::string_view name, const std::string& new_name);
  void erase(const Scope& scope, std::string_view name);
  void set_tags(const Scope& scope, std::string_view name, Tags tags);

  void put_group(const Scope& scope, std::string_view application, Group group);
  void rename_group(const Scope& scope, std::string_view application, std::string_view group,
                    const std::string& new_name);
  void erase_group(const Scope& scope, std::string_view application, std::string_view group);
  void put_revision(const Scope& scope, std::string_view application, Revision revision);

  /// Whether a group of the scope uses this configuration.
  bool uses_config(const Scope& scope, std::string_view config) const;

  void restore();
  void clear() { scopes_.clear(); }
  std::size_t size() const;
  std::size_t groups() const;

 private:
  Application* find_own(const Scope& scope, std::string_view name);
  void save(const Application& application);
  void save(const Application& application, const Group& group);
  void save(const Application& application, const Revision& revision);

  std::map<Scope, ByName> scopes_;
  Records<Json> application_records_;
  Records<Json> group_records_;
  Records<Json> revision_records_;
};

}  // namespace aviary::codedeploy
