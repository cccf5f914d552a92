#include <fmt/format.h>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/event_settings.hpp"

/// How asynchronous invocations of a function, a version or an alias are treated.
namespace aviary::lambda {
namespace {

/// The third part of an ARN: `sqs` of `arn:aws:sqs:…`.
std::string_view service_in(std::string_view arn) {
  for (int part = 0; part < 2; ++part) arn.remove_prefix(std::min(arn.size(), arn.find(':') + 1));
  return arn.substr(0, arn.find(':'));
}

const std::string& destination_of(const Json& input, const char* which) {
  static const std::string none;
  const Json* all = find_member(input, "DestinationConfig");
  const Json* one = all ? find_member(*all, which) : nullptr;
  return one ? text_of(*one, "Destination") : none;
}

AwsError no_event_config(const Target& target) {
  return not_found(fmt::format("The function {} doesn't have an EventInvokeConfig",
                               function_arn(target.scope, target.name, event_qualifier(target.qualifier))));
}

AwsError no_such_function() { return not_found("The function doesn't exist."); }

Json render_event_config(const Target& target, std::string_view qualifier, const Json& config) {
  Json out = config;
  out["FunctionArn"] = function_arn(target.scope, target.name, qualifier);
  Json& destinations = out["DestinationConfig"];
  for (const char* which : {"OnSuccess", "OnFailure"})
    if (!destinations.contains(which) || destinations[which].is_null()) destinations[which] = Json::object();
  return out;
}

bool names_anything(const Json& input) {
  return find_member(input, "MaximumRetryAttempts") || find_member(input, "MaximumEventAgeInSeconds") ||
         find_member(input, "DestinationConfig");
}

}  // namespace

/// Whether both destinations are ones that results can be sent to (recorded:
/// test_lambda_eventinvokeconfig_exceptions).
Result<> LambdaService::check_destinations(const Target& target, const Json& input) {
  bool supported = true;
  for (const char* which : {"OnFailure", "OnSuccess"}) {
    const std::string& arn = destination_of(input, which);
    if (arn.empty()) continue;
    const std::string_view service = service_in(arn);
    if (service == "lambda" && arn.find(":function:") != std::string::npos) {
      const FunctionReference reference = parse_function_reference(arn);
      const Scope home{.account = reference.account.empty() ? target.scope.account : reference.account,
                       .region = target.scope.region};
      if (!store_.find(home, reference.name, moment()))
        return invalid_parameter(fmt::format("The destination ARN {} is invalid.", arn));
      if (reference.name == target.name && home == target.scope)
        return invalid_parameter("You can't specify the function as a destination for itself.");
    } else if (service == "s3") {
      // Only what failed can be put into a bucket (developer guide, "Adding a destination").
      supported = supported && std::string_view(which) == "OnFailure";
    } else if (service != "sqs" && service != "sns" && service != "events") {
      supported = false;
    }
  }
  if (supported) return {};
  const auto part = [&](const char* which, const char* type) {
    const std::string& arn = destination_of(input, which);
    return arn.empty() ? std::string("null") : fmt::format("{}(destination={})", type, arn);
  };
  return invalid_parameter(
      fmt::format("The provided destination config DestinationConfig(onSuccess={}, onFailure={}) is invalid.",
                  part("OnSuccess", "OnSuccess"), part("OnFailure", "OnFailure")));
}

Result<Reply> LambdaService::set_event_config(Call& call, bool merge) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  if (!names_anything(call.input))
    return invalid_parameter("You must specify at least one of error handling or destination setting.");
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function || !store_.revision_of(*function, target->qualifier)) return no_such_function();
  const std::string qualifier(event_qualifier(target->qualifier));
  const Json* before = store_.attached(*function, attachment::event_invoke_config, qualifier);
  if (merge && !before) return no_event_config(*target);
  if (const Result<> sound = check_destinations(*target, call.input); !sound) return sound.error();

  Json config = merge ? *before : Json::object();
  for (const char* name : {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"})
    if (const Json* given = find_member(call.input, name)) config[name] = *given;
  config["LastModified"] = epoch_seconds(call.now);
  store_.attach(*function, attachment::event_invoke_config, qualifier, config);
  return Reply{.output = render_event_config(*target, qualifier, config)};
}

Result<Reply> LambdaService::put_function_event_invoke_config(Call& call) {
  return set_event_config(call, false);
}

Result<Reply> LambdaService::update_function_event_invoke_config(Call& call) {
  return set_event_config(call, true);
}

Result<Reply> LambdaService::get_function_event_invoke_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  const std::string qualifier(event_qualifier(target->qualifier));
  const Json* config =
      function ? store_.attached(*function, attachment::event_invoke_config, qualifier) : nullptr;
  if (!config) return no_event_config(*target);
  return Reply{.output = render_event_config(*target, qualifier, *config)};
}

Result<Reply> LambdaService::delete_function_event_invoke_config(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function ||
      !store_.detach(*function, attachment::event_invoke_config, event_qualifier(target->qualifier)))
    return no_event_config(*target);
  return Reply{};
}

Result<Reply> LambdaService::list_function_event_invoke_configs(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  const Result<Page> page = page_of(call.input);
  if (!page) return page.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return no_such_function();
  Reply reply;
  Json& list = reply.output["FunctionEventInvokeConfigs"] = Json::array();
  const auto configs = function->attached.find(attachment::event_invoke_config);
  if (configs == function->attached.end()) return reply;
  std::string last;
  auto next = page->after.empty() ? configs->second.begin() : configs->second.upper_bound(page->after);
  for (; next != configs->second.end() && list.size() < page->size; ++next) {
    list.push_back(render_event_config(*target, next->first, next->second));
    last = next->first;
  }
  if (next != configs->second.end()) reply.output["NextMarker"] = marker_after(last);
  return reply;
}

}  // namespace aviary::lambda
