#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::cloudformation {

/// What the API answers to input that is not as it must be: `ValidationError`.
AwsError validation_error(std::string text);

/// A template's text, JSON or YAML with short forms (`!Sub`), as one document with long forms only. Aliases
/// are refused, as CloudFormation does, so nothing multiplies; nesting is bounded.
Result<Json> parse_template(std::string_view text);

}  // namespace aviary::cloudformation
