#pragma once

#include <string>

#include "services/cloudformation/core/sam_function.hpp"

namespace aviary::cloudformation {

/// One AWS::Serverless::Application: a stack of its own, from a template's URL. Applications of the
/// Serverless Application Repository are not here.
void expand_application(SamDraft& draft, const std::string& name, const Json& resource);

}  // namespace aviary::cloudformation
