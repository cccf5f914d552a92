#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "services/lambda/core/router.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

enum class State : std::uint8_t {
  Pending,
  Active,
  Failed,
  Deactivated,  ///< on a capacity provider, with no environment that it may have
};
enum class UpdateStatus : std::uint8_t { None, InProgress, Successful };

/// A version with what AWS says about its progress. The version itself never changes; a new `RevisionId`
/// makes a new `Version` object of the same serial.
struct Snapshot {
  VersionHandle version;
  State state = State::Active;
  UpdateStatus last_update = UpdateStatus::Successful;
  std::string reason_code{};  ///< of State::Failed, as AWS names it
  std::string reason{};
};

struct Alias {
  std::string name;
  std::string description;
  std::string revision_id;
  Routing routing;
  std::optional<RouterSettings> router;  ///< overrides the service's mode; set by the admin API
  RouterState router_state{};            ///< of the exact mode; starts anew with every change of the routing
  RouteSourceHandle source;              ///< what the route log shows of it
};

/// A resource policy of a function or of one of its versions or aliases. Key order inside a statement is
/// AWS's.
struct Policy {
  std::vector<OrderedJson> statements;
};

/// Where `$LATEST.PUBLISHED` is among the numbered versions: after all of them.
inline constexpr std::uint64_t published_number = std::numeric_limits<std::uint64_t>::max();

/// The key in `Function::versions` of what a version is called; nothing for `$LATEST` and what is no version.
std::optional<std::uint64_t> version_key(std::string_view version);

/// One function and everything that hangs on its name. Owned by `FunctionStore`; lives on the loop's thread.
struct Function {
  Scope scope;
  std::string name;
  Snapshot latest;
  /// By number; deleted ones leave a gap that is never filled. Only that of `published_number` is replaced.
  std::map<std::uint64_t, Snapshot> versions;
  std::uint64_t next_number = 1;
  VersionHandle last_published;  ///< what an unchanged publish returns; null if it was deleted
  /// While something is Pending or InProgress: when that ends, and which versions end with `$LATEST`.
  std::optional<Instant> settles_at;
  std::vector<std::uint64_t> settles_with;
  std::map<std::string, Alias, std::less<>> aliases;
  std::map<std::string, Policy, std::less<>> policies;  ///< by qualifier; empty: the function itself
  std::map<std::string, std::string, std::less<>> tags;
  /// What else was set for the function, a version or an alias; see `attachments.hpp`.
  std::map<std::string, std::map<std::string, Json, std::less<>>, std::less<>> attached;
};

}  // namespace aviary::lambda
