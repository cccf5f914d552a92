#include "app/prune.hpp"

#include <fmt/format.h>

#include <vector>

#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "services/lambda/api/event_source_mappings.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::app {
namespace {

/// Who names the version, so that it must stay; empty: nobody.
std::string user_of(Parts& parts, const lambda::Function& function, const std::string& version) {
  for (const auto& [name, alias] : function.aliases)
    if (alias.routing.version == version || alias.routing.additional_version == version)
      return "alias " + name;
  const codedeploy::Scope scope{function.scope.account, function.scope.region};
  for (const codedeploy::Deployment* deployment : parts.codedeploy->deployments().in(scope)) {
    if (is_over(deployment->status)) continue;
    const codedeploy::AppSpec& spec = deployment->spec;
    if (lambda::parse_function_reference(spec.function).name == function.name &&
        (spec.current_version == version || spec.target_version == version))
      return "deployment " + deployment->id;
  }
  for (const auto& [uuid, mapping] : parts.lambda->mappings().engine().all())
    if (mapping.scope == function.scope && mapping.function == function.name && mapping.qualifier == version)
      return "event source mapping " + uuid;
  return {};
}

/// Why the rules keep a version; empty: they do not. `newer`: how many are newer.
std::string rule_for(const PruneOrder& order, const lambda::Snapshot& snapshot, std::size_t newer,
                     Instant now) {
  if (order.keep && newer < *order.keep) return fmt::format("one of the newest {}", *order.keep);
  if (order.young && snapshot.version->last_modified > now - *order.young) return "young enough";
  return {};
}

Task<Json> prune_function(Parts& parts, const PruneOrder& order, std::string name) {
  Json deleted = Json::array();
  Json kept = Json::array();
  std::vector<std::string> doomed;
  if (const auto& functions = parts.lambda->store().functions(order.scope); functions.contains(name)) {
    const lambda::Function& function = *functions.find(name)->second;
    std::size_t newer = 0;
    for (auto at = function.versions.rbegin(); at != function.versions.rend(); ++at) {
      // That there is one of, and it is no older than another.
      if (at->first == lambda::published_number) continue;
      const std::string& version = at->second.version->number;
      std::string because = user_of(parts, function, version);
      if (because.empty()) because = rule_for(order, at->second, newer, parts.clock.now());
      ++newer;
      if (because.empty())
        doomed.insert(doomed.begin(), version);
      else
        kept.push_back({{"version", version}, {"because", std::move(because)}});
    }
  }
  for (const std::string& version : doomed) {
    if (order.dry_run) {
      deleted.push_back(version);
      continue;
    }
    Json input = {{"FunctionName", name}, {"Qualifier", version}};
    auto deleting = call_service(parts, {.service = "lambda",
                                         .operation = "DeleteFunction",
                                         .account = order.scope.account,
                                         .region = order.scope.region,
                                         .input = std::move(input)});
    const Result<Json> gone = co_await std::move(deleting);
    if (gone)
      deleted.push_back(version);
    else
      kept.push_back({{"version", version}, {"because", gone.error().message}});
  }
  co_return Json{{"function", name}, {"deleted", std::move(deleted)}, {"kept", std::move(kept)}};
}

}  // namespace

std::variant<PruneOrder, std::string> read_prune(const Json& document, const lambda::Scope& scope) {
  constexpr const char* usage =
      R"(The body is {"function": "order-processor", "keep": 5, "days": 30, "dry_run": true}: keep, days or both; )"
      R"(without a function all are pruned.)";
  if (!document.is_object()) return usage;
  PruneOrder order{.scope = scope, .function = {}};
  for (const auto& [member, value] : document.items()) {
    const bool whole = value.is_number_unsigned() && value.get<std::uint64_t>() <= 1'000'000;
    if (member == "function" && value.is_string() && !value.get_ref<const std::string&>().empty()) {
      order.function = value.get<std::string>();
    } else if (member == "keep" && whole) {
      order.keep = value.get<std::size_t>();
    } else if (member == "days" && whole) {
      order.young = std::chrono::days(std::min<std::int64_t>(value.get<std::int64_t>(), 36'500));
    } else if (member == "dry_run" && value.is_boolean()) {
      order.dry_run = value.get<bool>();
    } else {
      return fmt::format("What is meant by {}? {}", member, usage);
    }
  }
  if (!order.keep && !order.young) return usage;
  return order;
}

Task<Json> prune(Parts& parts, PruneOrder order) {
  std::vector<std::string> names{order.function};
  if (order.function.empty()) {
    names.clear();
    for (const auto& [name, function] : parts.lambda->store().functions(order.scope)) names.push_back(name);
  }
  Json functions = Json::array();
  std::size_t deleted = 0;
  for (const std::string& name : names) {
    auto pruning = prune_function(parts, order, name);
    Json one = co_await std::move(pruning);
    deleted += one["deleted"].size();
    functions.push_back(std::move(one));
  }
  co_return Json{{"dry_run", order.dry_run}, {"deleted", deleted}, {"functions", std::move(functions)}};
}

}  // namespace aviary::app
