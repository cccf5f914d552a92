#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/lineage.hpp"

/// Functions that come back to themselves through others.
namespace aviary::lambda {

/// The trace header for one more run of the function; 400 RecursiveInvocationException where a loop ends.
Result<std::string> LambdaService::counted_trace(const Scope& scope, const std::string& name,
                                                 std::string trace) {
  std::optional<std::string> counted = extended_lineage(trace, function_arn(scope, name));
  if (counted) return std::move(*counted);
  const Function* function = store_.find(scope, name, moment());
  const Json* set = function ? store_.attached(*function, attachment::recursion, "") : nullptr;
  if (set && *set == "Allow") return trace;
  return AwsError(
      models::lambda::errors::RecursiveInvocationException,
      "Lambda has detected your function being invoked in a recursive loop with other AWS resources "
      "and stopped your function's invocation.");
}

/// Takes an event in; one that has looped too often ends right away, as one that was dropped.
void LambdaService::accept_event(Event event) {
  Result<std::string> trace = counted_trace(event.scope, event.function_name, event.trace_id);
  event.looped = !trace;
  if (trace) event.trace_id = std::move(*trace);
  events_.accept(std::move(event));
}

Result<Reply> LambdaService::put_function_recursion_config(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const std::string& wanted = text_of(call.input, "RecursiveLoop");
  store_.attach(*function, attachment::recursion, "", wanted);
  return Reply{.output = {{"RecursiveLoop", wanted}}};
}

Result<Reply> LambdaService::get_function_recursion_config(Call& call) {
  const Result<Target> target = function_target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  const Json* set = store_.attached(*function, attachment::recursion, "");
  return Reply{.output = {{"RecursiveLoop", set ? *set : Json("Terminate")}}};
}

}  // namespace aviary::lambda
