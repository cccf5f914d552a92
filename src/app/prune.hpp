#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::app {

struct Parts;

/// Which versions may go: those that neither rule keeps.
struct PruneOrder {
  lambda::Scope scope;
  std::string function;               ///< empty: every one
  std::optional<std::size_t> keep{};  ///< the newest so many stay
  std::optional<Duration> young{};    ///< what was published within this time stays
  bool dry_run = false;
};

/// `{"function": "order-processor", "keep": 5, "days": 30, "dry_run": true}`: `keep` or `days` or both. The
/// text says what is wrong with it.
std::variant<PruneOrder, std::string> read_prune(const Json& document, const lambda::Scope& scope);

/// Deletes versions as DeleteFunction does, never one that an alias, a deployment that runs or an event
/// source mapping names. `{"dry_run", "deleted": 3, "functions": [{"function", "deleted": ["1"], "kept":
/// [{"version", "because": "alias prod"}]}]}`
Task<Json> prune(Parts& parts, PruneOrder order);

}  // namespace aviary::app
