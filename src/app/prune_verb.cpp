// `aviary prune`: old versions of a running server's functions.
#include <fmt/format.h>

#include "app/remote.hpp"
#include "app/verbs.hpp"

namespace aviary::app {

int prune_verb(const ServerVerbs& wanted) {
  const auto& order = wanted.prune;
  if (order.function.empty() != order.all) {
    fmt::print(stderr, "aviary: say which function, or --all\n");
    return 2;
  }
  if (!order.keep && !order.days) {
    fmt::print(stderr, "aviary: say what stays: --keep N, --days M, or both\n");
    return 2;
  }
  Json body = {{"dry_run", order.dry_run}};
  if (!order.function.empty()) body["function"] = order.function;
  if (order.keep) body["keep"] = *order.keep;
  if (order.days) body["days"] = *order.days;
  Remote server(wanted.endpoint);
  const Remote::Answer answer = server.request("POST", "/_aviary/prune", body);
  if (!answer.good()) {
    fmt::print(stderr, "aviary: {}\n", answer.problem);
    return 2;
  }
  for (const Json& function : answer.body["functions"]) {
    const std::string name = function["function"].get<std::string>();
    for (const Json& version : function["deleted"])
      fmt::print("{} {}:{}\n", order.dry_run ? "would delete" : "deleted", name, version.get<std::string>());
    for (const Json& kept : function["kept"])
      fmt::print("kept {}:{} ({})\n", name, kept["version"].get<std::string>(),
                 kept["because"].get<std::string>());
  }
  const auto count = answer.body["deleted"].get<std::size_t>();
  fmt::print("{} version{} {}\n", count, count == 1 ? "" : "s", order.dry_run ? "would go" : "deleted");
  return 0;
}

}  // namespace aviary::app
