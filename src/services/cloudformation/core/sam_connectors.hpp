#pragma once

#include <string_view>

#include "base/json.hpp"

namespace aviary::cloudformation {

/// `{"AWS::Lambda::Function AWS::SQS::Queue": {"Type": "AWS_IAM_ROLE_MANAGED_POLICY", "AccessCategories":
/// {…}}}`
const Json& connector_profiles();
/// `{"AWS::SQS::Queue": {"Outputs": {"Arn": …, "Url": …}}}`
const Json& connector_resources();

}  // namespace aviary::cloudformation
