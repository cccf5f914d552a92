#pragma once

#include <string>
#include <string_view>

#include "base/document.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "ports/random.hpp"
#include "services/lambda/core/version.hpp"

/// Reading a validated document.
namespace aviary::lambda {

/// An `X-Amzn-Trace-Id` that begins here. Not sampled: nobody asked for a trace.
std::string new_trace(Instant now, Random& ids);

/// Which function a call is about: where it lives, its name and the qualifier (empty if none).
struct Target {
  Scope scope;
  std::string name;
  std::string qualifier;
};

/// Operations that a resource policy can open to another account look into the account that the ARN names;
/// the others refuse (403, without a message) what is not the caller's own.
enum class Reach { AnyAccount, OwnAccount };

/// From `FunctionName` and, if the operation has it, `Qualifier`.
Result<Target> target_of(const Call& call, Reach reach = Reach::AnyAccount);
/// The same for operations on a function as a whole: a version or an alias beside or in the name is refused.
Result<Target> function_target_of(const Call& call, Reach reach = Reach::AnyAccount);

/// 400: a version or an alias where only a function as a whole will do.
AwsError functions_only();

AwsError validation_error(std::string constraint_violation);
AwsError service_failure(std::string text);  ///< 500 ServiceException

/// A page of a list: where it starts and how long it is. AWS gives at most 50 whatever the caller asks for.
struct Page {
  std::string after;  ///< what the marker says; empty: from the start
  std::size_t size;
};
Result<Page> page_of(const Json& input);
/// Opaque to callers: what `Page::after` will be.
std::string marker_after(std::string_view last);

}  // namespace aviary::lambda
