// `/_aviary/canaries`, `/_aviary/prune`: what the verbs `canary` and `prune` ask for.
#include <fmt/format.h>

#include <variant>

#include "app/admin.hpp"
#include "app/admin_input.hpp"
#include "app/canaries.hpp"
#include "app/parts.hpp"
#include "app/prune.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view canaries_root = "/_aviary/canaries";

wire::Response refusal_of(const CanaryRefusal& refused) {
  return error_response(refused.status, refused.message);
}

Task<wire::Response> post_canary(Parts& parts, wire::Request request) {
  auto body = read_document(request);
  if (auto* refusal = std::get_if<wire::Response>(&body)) co_return std::move(*refusal);
  CanaryPlace place;
  auto starting = start_canary(parts, scope_in(parts, request), std::move(std::get<Json>(body)), place);
  const auto refused = co_await std::move(starting);
  co_return refused ? refusal_of(*refused) : json_response(canary_report(parts, place), 201);
}

wire::Response get_canary(Parts& parts, const wire::Request& request) {
  CanaryPlace place;
  const auto refused =
      find_canary(parts, scope_in(parts, request), below_path(request, canaries_root), place);
  return refused ? refusal_of(*refused) : json_response(canary_report(parts, place));
}

/// `/_aviary/canaries/order-processor:prod/promote` and `/rollback`.
Task<wire::Response> move_canary(Parts& parts, wire::Request request) {
  const std::string below = below_path(request, canaries_root);
  const std::size_t slash = below.rfind('/');
  const std::string what = slash == std::string::npos ? std::string() : below.substr(slash + 1);
  if (what != "promote" && what != "rollback")
    co_return error_response(
        404, fmt::format("There is no {}: POST a canary's /promote or /rollback.", request.path()));
  CanaryPlace place;
  if (const auto refused = find_canary(parts, scope_in(parts, request), below.substr(0, slash), place))
    co_return refusal_of(*refused);
  auto moving = what == "promote" ? promote_canary(parts, place) : roll_canary_back(parts, place);
  const auto refused = co_await std::move(moving);
  co_return refused ? refusal_of(*refused) : json_response(canary_report(parts, place));
}

Task<wire::Response> post_prune(Parts& parts, wire::Request request) {
  auto body = read_document(request);
  if (auto* refusal = std::get_if<wire::Response>(&body)) co_return std::move(*refusal);
  auto order = read_prune(std::get<Json>(body), scope_in(parts, request));
  if (const auto* problem = std::get_if<std::string>(&order)) co_return error_response(400, *problem);
  PruneOrder asked = std::move(std::get<PruneOrder>(order));
  if (!asked.function.empty() && !parts.lambda->store().functions(asked.scope).contains(asked.function))
    co_return error_response(404, fmt::format("There is no function {}.", asked.function));
  auto pruning = prune(parts, std::move(asked));
  const Json report = co_await std::move(pruning);
  co_return json_response(report);
}

}  // namespace

void add_canary_routes(Parts& parts) {
  Admin& admin = parts.admin;
  const std::string root(canaries_root);
  admin.add_task("POST", root,
                 [&parts](wire::Request request) { return post_canary(parts, std::move(request)); });
  admin.add("GET", root + "/*",
            [&parts](const wire::Request& request) { return get_canary(parts, request); });
  admin.add_task("POST", root + "/*",
                 [&parts](wire::Request request) { return move_canary(parts, std::move(request)); });
  admin.add_task("POST", "/_aviary/prune",
                 [&parts](wire::Request request) { return post_prune(parts, std::move(request)); });
}

}  // namespace aviary::app
