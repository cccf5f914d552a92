#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/cloudformation/core/intrinsics.hpp"

namespace aviary::cloudformation {

/// The template's `Rules`: what must hold of parameters before anything is done. `lookups` knows parameters
/// and pseudo parameters. What asks AWS for values of its own kinds (`Fn::RefAll`, `Fn::ValueOf`,
/// `Fn::ValueOfAll`) is refused.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
Result<> check_rules(const Json& document, const Lookups& lookups);

}  // namespace aviary::cloudformation
