#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/request_keys.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/tenancy.hpp"

namespace aviary::lambda {
namespace {

Result<Target> find_target(const NeighbourCall& call) {
  Result<FunctionReference> reference = resolve_function_reference(call.function, {}, call.caller);
  if (!reference) return reference.error();
  Target target{
      .scope = call.caller, .name = std::move(reference->name), .qualifier = std::move(reference->qualifier)};
  if (!reference->account.empty()) target.scope.account = std::move(reference->account);
  return target;
}

/// A service that says which it is, else the account itself.
Caller caller_in(const NeighbourCall& call) {
  if (call.service.empty()) return {.account = call.caller.account};
  return {.service = call.service, .source_arn = call.source_arn};
}

}  // namespace

Task<Result<NeighbourOutcome>> LambdaService::invoke_for_neighbour(NeighbourCall call) {
  Result<Target> target = find_target(call);
  if (!target) co_return target.error();
  std::string forced;
  if (!call.draw) {
    const Function* function = store_.find(target->scope, target->name, moment());
    if (function) {
      const auto alias = function->aliases.find(target->qualifier);
      if (alias != function->aliases.end()) forced = alias->second.routing.version;
    }
  }
  const std::string no_context;
  const RequestKeys keys(call.http, no_context, call.payload);
  Result<InvokeTarget> resolved = dispatcher_.resolve(target->scope, target->name, target->qualifier, forced,
                                                      call.http != nullptr ? &keys : nullptr, moment());
  if (!resolved) co_return resolved.error();
  const Result<> permitted =
      check_permission(target->scope, target->name, target->qualifier, caller_in(call));
  if (!permitted) co_return permitted.error();
  const VersionHandle version = resolved->version;
  if (const Result<> named = check_tenant(*version, call.tenant_id); !named) co_return named.error();
  if (const Result<> fits = check_durable(*version, target->qualifier, !call.patient); !fits)
    co_return fits.error();
  Result<std::string> trace =
      counted_trace(target->scope, target->name,
                    call.trace_id.empty() ? new_trace(clock_.now(), ids_) : std::move(call.trace_id));
  if (!trace) co_return trace.error();
  Invocation invocation{.request_id = ids_.uuid(),
                        .version = version,
                        .invoked_arn = std::move(resolved->invoked_arn),
                        .payload = std::move(call.payload),
                        .trace_id = std::move(*trace),
                        .tenant_id = std::move(call.tenant_id)};
  std::string request_id = invocation.request_id;
  Result<Outcome> outcome = co_await runner_.run(std::move(invocation));
  if (!outcome) co_return outcome.error();
  co_return NeighbourOutcome{.request_id = std::move(request_id),
                             .executed_version = version->number,
                             .outcome = std::move(*outcome)};
}

Result<std::string> LambdaService::accept_from_neighbour(NeighbourCall call) {
  Result<Target> target = find_target(call);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const Result<const Snapshot*> found =
      function ? invoked_version(store_, *function, target->qualifier) : Result<const Snapshot*>(nullptr);
  if (!found) return found.error();
  const Snapshot* main = *found;
  if (!main) {
    return function_not_found(target->scope, target->name,
                              target->qualifier.empty() ? latest_qualifier : target->qualifier);
  }
  if (const Result<> named = check_tenant(*main->version, call.tenant_id); !named) return named.error();
  const Result<> permitted =
      check_permission(target->scope, target->name, target->qualifier, caller_in(call));
  if (!permitted) return permitted.error();
  std::string request_id = ids_.uuid();
  std::string trace = call.trace_id.empty() ? new_trace(clock_.now(), ids_) : std::move(call.trace_id);
  Event event{.request_id = request_id,
              .scope = std::move(target->scope),
              .function_name = std::move(target->name),
              .qualifier = std::move(target->qualifier),
              .payload = std::move(call.payload),
              .trace_id = std::move(trace),
              .accepted = clock_.now()};
  event.tenant_id = std::move(call.tenant_id);
  if (const Result<> started = start_if_durable(event); !started) return started.error();
  accept_event(std::move(event));
  return request_id;
}

}  // namespace aviary::lambda
