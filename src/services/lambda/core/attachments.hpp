#pragma once

#include <string_view>

/// What can be set for a function, a version or an alias beside its code and configuration. Each is one
/// document a qualifier, kept with the function and gone with it (or with the version or alias), saved by
/// itself.
namespace aviary::lambda::attachment {

inline constexpr std::string_view reserved_concurrency = "reserved-concurrency";  ///< a number
inline constexpr std::string_view provisioned_concurrency =
    "provisioned-concurrency";  ///< {requested, modified}
inline constexpr std::string_view event_invoke_config = "event-invoke-config";
inline constexpr std::string_view recursion = "recursion";                    ///< `Allow` or `Terminate`
inline constexpr std::string_view code_signing = "code-signing";              ///< a configuration's ARN
inline constexpr std::string_view runtime_management = "runtime-management";  ///< {UpdateRuntimeOn, …}
inline constexpr std::string_view scaling = "scaling";                        ///< a FunctionScalingConfig
/// Stays when its alias goes (recorded: test_lambda_url_persists_after_alias_delete).
inline constexpr std::string_view url = "url";

}  // namespace aviary::lambda::attachment
