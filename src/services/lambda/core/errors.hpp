#pragma once

#include <string>
#include <string_view>

#include "base/aws_error.hpp"
#include "services/lambda/core/version.hpp"

/// The refusals that several operations share, in AWS's own words, as recorded from the service.
namespace aviary::lambda {

AwsError not_found(std::string text);          ///< 404 ResourceNotFoundException
AwsError invalid_parameter(std::string text);  ///< 400 InvalidParameterValueException
AwsError conflict(std::string text);           ///< 409 ResourceConflictException
AwsError invalid_content(std::string text);    ///< 400 InvalidRequestContentException

/// `Function not found: <arn>[:<qualifier>]`
AwsError function_not_found(const Scope& scope, std::string_view name, std::string_view qualifier = {});
/// `Cannot find alias arn: …` (GetAlias and the policies of an alias).
AwsError alias_arn_not_found(const Scope& scope, std::string_view name, std::string_view alias);
/// `The resource you requested does not exist.`
AwsError resource_does_not_exist();
/// 412; `api` is what the text sends the caller to: `GetFunction/GetAlias` or `GetPolicy`.
AwsError revision_mismatch(std::string_view api = "GetFunction/GetAlias");
/// 409 while a change is under way.
AwsError update_in_progress(const Scope& scope, std::string_view name);
/// 409 while the function is being created.
AwsError function_pending();
/// 409 for a version whose init failed when it was published.
AwsError function_failed();
/// 409 for a `$LATEST` that only its published versions run of (capacity.hpp).
AwsError function_not_invocable();
/// 409 for a version that may have no environment on its capacity provider.
AwsError function_deactivated();

}  // namespace aviary::lambda
