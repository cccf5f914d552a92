#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"

/// When a function's runtime is updated. A runtime here is whatever interpreter the machine has, which nobody
/// updates behind a function's back; what was chosen is kept and shown.
namespace aviary::lambda {
namespace {

Json render_runtime_management(const Target& target, const Json& config) {
  Json out = config;
  out["FunctionArn"] = function_arn(target.scope, target.name, target.qualifier);
  return out;
}

}  // namespace

Result<Reply> LambdaService::put_runtime_management_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function ||
      !store_.find_version(*function, target->qualifier.empty() ? latest_qualifier : target->qualifier))
    return function_not_found(target->scope, target->name, target->qualifier);
  const std::string& when = text_of(call.input, "UpdateRuntimeOn");
  const std::string& arn = text_of(call.input, "RuntimeVersionArn");
  if ((when == "Manual") == arn.empty()) {
    return invalid_parameter(when == "Manual"
                                 ? "RuntimeVersionArn is required when UpdateRuntimeOn is Manual."
                                 : "RuntimeVersionArn can be given only when UpdateRuntimeOn is Manual.");
  }
  Json config{{"UpdateRuntimeOn", when}};
  if (!arn.empty()) config["RuntimeVersionArn"] = arn;
  store_.attach(*function, attachment::runtime_management, target->qualifier, config);
  return Reply{.output = render_runtime_management(*target, config)};
}

Result<Reply> LambdaService::get_runtime_management_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function ||
      !store_.find_version(*function, target->qualifier.empty() ? latest_qualifier : target->qualifier))
    return function_not_found(target->scope, target->name, target->qualifier);
  const Json* config = store_.attached(*function, attachment::runtime_management, target->qualifier);
  return Reply{.output =
                   render_runtime_management(*target, config ? *config : Json{{"UpdateRuntimeOn", "Auto"}})};
}

}  // namespace aviary::lambda
