#include "services/lambda/core/dispatcher.hpp"

#include <fmt/format.h>

#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/concurrency.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {
namespace {

AwsError why_not_active(const Snapshot& snapshot) {
  if (snapshot.state == State::Failed) return function_failed();
  if (snapshot.state == State::Deactivated) return function_deactivated();
  return starts_from_snapshot(*snapshot.version) ? snap_start_not_ready() : function_pending();
}

}  // namespace

Result<InvokeTarget> Dispatcher::resolve(const Scope& scope, std::string_view name,
                                         std::string_view qualifier, std::string_view forced_version,
                                         const StickyKeys* keys, const Moment& at) {
  Function* function = store_.find(scope, name, at);
  if (!function) {
    return function_not_found(scope, name, qualifier.empty() ? latest_qualifier : qualifier);
  }
  if (rates_.active()) {
    if (const Result<> admitted = admit(*function, at.now); !admitted) return admitted.error();
  }
  const Snapshot* snapshot = nullptr;
  if (const auto found = function->aliases.find(qualifier); found != function->aliases.end()) {
    Alias& alias = found->second;
    const Routing& routing = alias.routing;
    RouteDecision decision{.when = at.now, .source = alias.source};
    if (!forced_version.empty()) {
      decision.forced = true;
      decision.additional = routing.splits() && forced_version == routing.additional_version;
      if (!decision.additional && forced_version != routing.version) {
        return invalid_parameter(fmt::format("Version {} is not one that the alias {} points to.",
                                             forced_version, alias.source->alias_arn));
      }
    } else {
      decision.drawn = draw(*function, alias, keys);
      decision.additional = routing.splits() && route(routing, decision.drawn) == routing.additional_version;
    }
    snapshot =
        store_.find_version(*function, decision.additional ? routing.additional_version : routing.version);
    if (snapshot && snapshot->state == State::Active) log_.record(std::move(decision));
  } else {
    const Result<const Snapshot*> named = invoked_version(store_, *function, qualifier);
    if (!named) return named.error();
    snapshot = *named;
  }
  if (!snapshot) return function_not_found(scope, name, qualifier);
  if (snapshot->state != State::Active) return why_not_active(*snapshot);
  if (is_only_published(*snapshot->version)) return function_not_invocable();
  return InvokeTarget{.version = snapshot->version, .invoked_arn = function_arn(scope, name, qualifier)};
}

/// As many invocations a second as ten for each one that may run at once.
Result<> Dispatcher::admit(const Function& function, Instant now) {
  const std::int64_t reserved = reserved_of(store_, function);
  const auto concurrency = static_cast<double>(reserved >= 0 ? reserved : concurrency_);
  return rates_.admit_invoke(function.scope, function.name, concurrency, reserved >= 0, now);
}

double Dispatcher::draw(const Function& function, Alias& alias, const StickyKeys* keys) {
  const RouterSettings& settings = store_.router_of(alias);
  switch (settings.mode) {
    case RouterMode::Exact:
      return next_exact(alias.routing, alias.router_state);
    case RouterMode::Sticky:
      if (keys) {
        if (const std::optional<std::string> key = keys->find(settings)) {
          return sticky_number(*key, function_arn(function.scope, function.name));
        }
      }
      break;
    case RouterMode::Random:
      break;
  }
  return router_.uniform();
}

}  // namespace aviary::lambda
