#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/cloudformation/core/intrinsics.hpp"

namespace aviary::cloudformation {

/// The transform `AWS::LanguageExtensions`: loops (`Fn::ForEach`) are written out, deletion policies that
/// come of functions become text. `Fn::Length`, `Fn::ToJsonString` and defaults of `Fn::FindInMap` are
/// evaluated with all other functions. `lookups` knows parameters, pseudo parameters and mappings.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
Result<Json> extend_language(const Json& document, const Lookups& lookups);

}  // namespace aviary::cloudformation
