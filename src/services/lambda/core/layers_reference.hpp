#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/aws_error.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// What a caller wrote where AWS takes a layer or a version of one: a name, a layer's ARN, or a layer
/// version's.
struct LayerReference {
  Scope home;                ///< the caller's own for a name
  std::string name;          ///< empty for what is not an account's layer (`arn:aws:lambda:::awslayer:…`)
  std::uint64_t number = 0;  ///< 0 if the text has none, or none that a version can have
};

/// Takes apart what already satisfies the model's pattern; says nothing about whether it exists.
LayerReference parse_layer_reference(std::string_view text, const Scope& caller);

/// `arn:aws:lambda:<region>:<account>:layer:<name>`
std::string layer_arn(const Scope& home, std::string_view name);
/// `arn:aws:lambda:<region>:<account>:layer:<name>:<number>`; a caller may ask for a number below 1.
std::string layer_version_arn(const Scope& home, std::string_view name, std::int64_t number);

/// 403 in IAM's words, for an account that no statement of the resource's policy names. Seen for the layers
/// of others, be they there or not, also when they are of another region:
/// github.com/crucial-project/serverless-shell/issues/2.
AwsError layer_access_denied(const Scope& caller, std::string_view action, std::string_view resource);

}  // namespace aviary::lambda
