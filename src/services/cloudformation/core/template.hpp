#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/cloudformation/core/intrinsics.hpp"

namespace aviary::cloudformation {

/// A parameter as a caller gives it.
struct GivenParameter {
  std::string key;
  std::optional<std::string> value;
  bool use_previous = false;
};

/// Parameters with the values that a stack uses, in the template's order of names.
struct ParameterValue {
  std::string key;
  std::string value;       ///< as given or by default
  std::string resolved{};  ///< of `AWS::SSM::Parameter::Value<…>`: what the parameter store says
  bool hidden = false;     ///< NoEcho
  bool operator==(const ParameterValue&) const = default;
};
using ParameterValues = std::vector<ParameterValue>;

/// Checks the template's form: sections, resources with types, parameters, references to what there is, no
/// cycles. `known_type`: whether a resource type is known at all.
Result<> check_template(const Json& document);

/// Values of all parameters. `previous`: of the stack as it is.
Result<ParameterValues> parameter_values(const Json& document, const std::vector<GivenParameter>& given,
                                         const ParameterValues& previous);

/// Whether the parameter's value is the name of an SSM parameter.
bool is_ssm_parameter(const Json& document, const std::string& key);

/// What `Ref` of a parameter gives: text, or a list for list types.
Json parameter_reference(const Json& document, const ParameterValue& parameter);

/// All conditions of the template. `lookups.ref` knows parameters and pseudo-parameters.
Result<std::map<std::string, bool>> condition_values(const Json& document, const Lookups& lookups);

/// Names of the resources that a resource waits for: DependsOn and references, also those in its policies.
std::set<std::string> dependencies_of(const Json& resource, const Json& resources);

/// The capabilities that the template needs: nothing, or CAPABILITY_IAM, or CAPABILITY_NAMED_IAM.
struct Needed {
  std::string capability;
  std::string reason;
};
std::optional<Needed> needed_capability(const Json& document);

/// `AWS::Serverless-2016-10-31` and others that the template asks for.
std::vector<std::string> transforms_of(const Json& document);

}  // namespace aviary::cloudformation
