#include "services/lambda/api/input.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/function_reference.hpp"
#include "wire/protocol.hpp"

namespace aviary::lambda {

std::string new_trace(Instant now, Random& ids) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return fmt::format(FMT_COMPILE("Root=1-{:08x}-{};Parent={}"), seconds, ids.hex(24), ids.hex(16));
}

Result<Target> target_of(const Call& call, Reach reach) {
  const Scope caller{.account = call.account, .region = call.region};
  Result<FunctionReference> reference = resolve_function_reference(text_of(call.input, "FunctionName"),
                                                                   text_of(call.input, "Qualifier"), caller);
  if (!reference) return reference.error();
  Target target{
      .scope = caller, .name = std::move(reference->name), .qualifier = std::move(reference->qualifier)};
  if (!reference->account.empty() && reference->account != caller.account) {
    if (reach == Reach::OwnAccount) {
      AwsError error(models::lambda::errors::AccessDeniedException, "");
      error.omit_message = true;
      return error;
    }
    target.scope.account = std::move(reference->account);
  }
  return target;
}

Result<Target> function_target_of(const Call& call, Reach reach) {
  Result<Target> target = target_of(call, reach);
  if (target && !target->qualifier.empty() && target->qualifier != latest_qualifier) {
    return functions_only();
  }
  return target;
}

AwsError functions_only() {
  return invalid_parameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this "
      "operation. "
      "Please specify either a function name or an unqualified function ARN.");
}

AwsError validation_error(std::string constraint_violation) {
  return {wire::errors::ValidationException, std::move(constraint_violation)};
}

AwsError service_failure(std::string text) {
  return {models::lambda::errors::ServiceException, std::move(text)};
}

Result<Page> page_of(const Json& input) {
  constexpr std::size_t most = 50;
  Page page{.after = {}, .size = most};
  if (const Json* items = find_member(input, "MaxItems")) {
    page.size = std::min<std::size_t>(most, items->get<std::size_t>());
  }
  if (const std::string& marker = text_of(input, "Marker"); !marker.empty()) {
    std::optional<std::string> after = base64_decode(marker);
    if (!after || !after->starts_with("after:")) return invalid_parameter("Invalid marker.");
    page.after = after->substr(6);
  }
  return page;
}

std::string marker_after(std::string_view last) { return base64_encode(fmt::format("after:{}", last)); }

}  // namespace aviary::lambda
