#include "services/lambda/core/concurrency.hpp"

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"

/// Reserved concurrency: what one function has for itself, and no more.
namespace aviary::lambda {
namespace {

/// A version or an alias beside or in the name is refused, `$LATEST` too (recorded:
/// test_function_concurrency_exceptions).
Result<Target> reserving_target_of(const Call& call) {
  Result<Target> target = target_of(call, Reach::OwnAccount);
  if (target && !target->qualifier.empty()) return functions_only();
  return target;
}

}  // namespace

Result<Reply> LambdaService::put_function_concurrency(Call& call) {
  const Result<Target> target = reserving_target_of(call);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name, latest_qualifier);
  const auto wanted = call.input.at("ReservedConcurrentExecutions").get<std::int64_t>();
  if (const Result<> allowed = concurrency_rules().may_reserve(*function, wanted); !allowed)
    return allowed.error();
  store_.attach(*function, attachment::reserved_concurrency, "", wanted);
  runner_.reserve(function->scope, function->name, static_cast<std::size_t>(wanted));
  return Reply{.output = {{"ReservedConcurrentExecutions", wanted}}};
}

Result<Reply> LambdaService::get_function_concurrency(Call& call) {
  const Result<Target> target = reserving_target_of(call);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  Reply reply;
  if (const Json* reserved = store_.attached(*function, attachment::reserved_concurrency, ""))
    reply.output["ReservedConcurrentExecutions"] = *reserved;
  return reply;
}

Result<Reply> LambdaService::delete_function_concurrency(Call& call) {
  const Result<Target> target = reserving_target_of(call);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  if (store_.detach(*function, attachment::reserved_concurrency, ""))
    runner_.reserve(function->scope, function->name, std::nullopt);
  return Reply{};
}

ConcurrencyRules LambdaService::concurrency_rules() const { return {store_, options_.concurrency}; }

}  // namespace aviary::lambda
