#include "services/lambda/core/errors.hpp"

#include <fmt/format.h>

#include "models/lambda.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {

namespace rows = models::lambda::errors;

AwsError not_found(std::string text) { return {rows::ResourceNotFoundException, std::move(text)}; }
AwsError invalid_parameter(std::string text) {
  return {rows::InvalidParameterValueException, std::move(text)};
}
AwsError conflict(std::string text) { return {rows::ResourceConflictException, std::move(text)}; }
AwsError invalid_content(std::string text) { return {rows::InvalidRequestContentException, std::move(text)}; }

AwsError function_not_found(const Scope& scope, std::string_view name, std::string_view qualifier) {
  return not_found("Function not found: " + function_arn(scope, name, qualifier));
}

AwsError alias_arn_not_found(const Scope& scope, std::string_view name, std::string_view alias) {
  return not_found("Cannot find alias arn: " + function_arn(scope, name, alias));
}

AwsError resource_does_not_exist() { return not_found("The resource you requested does not exist."); }

AwsError revision_mismatch(std::string_view api) {
  return {rows::PreconditionFailedException,
          fmt::format(
              "The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve "
              "the latest Revision Id",
              api)};
}

AwsError update_in_progress(const Scope& scope, std::string_view name) {
  return conflict("The operation cannot be performed at this time. An update is in progress for resource: " +
                  function_arn(scope, name));
}

namespace {

AwsError not_in_state(std::string_view state) {
  return conflict(fmt::format(
      "The operation cannot be performed at this time. The function is currently in the following state: {}",
      state));
}

}  // namespace

AwsError function_pending() { return not_in_state("Pending"); }
AwsError function_failed() { return not_in_state("Failed"); }
AwsError function_deactivated() { return not_in_state("Deactivated"); }
AwsError function_not_invocable() { return not_in_state("ActiveNonInvocable"); }

}  // namespace aviary::lambda
