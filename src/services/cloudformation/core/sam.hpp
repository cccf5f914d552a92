#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::cloudformation {

/// The transform `AWS::Serverless-2016-10-31`: a template with only resources that CloudFormation itself
/// knows, with the logical ids that SAM gives them. `parameters`: values by name. An error's text is SAM's
/// own.
Result<Json> expand_sam(const Json& document, const Json& parameters, const std::string& region);

}  // namespace aviary::cloudformation
