#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "services/lambda/core/function.hpp"

/// State as the API shows it.
namespace aviary::lambda {

/// Lists leave out what AWS leaves out there: State, LastUpdateStatus and RuntimeVersionConfig.
enum class Detail { Whole, Listed };

/// `State`, in AWS's words.
std::string_view state_name(const Snapshot& snapshot);

/// A `FunctionConfiguration`. `arn_qualifier` is what ends `FunctionArn`: nothing, a version or an alias.
Json render_configuration(const Snapshot& snapshot, std::string_view arn_qualifier,
                          Detail detail = Detail::Whole);

/// Where a package can be downloaded. Content-addressed: the link works as long as anybody holds the package,
/// whatever became of what it was asked for.
std::string package_location(const CodeBlob& code, std::string_view base_url);

/// An `AliasConfiguration`.
Json render_alias(const Function& function, const Alias& alias);

}  // namespace aviary::lambda
