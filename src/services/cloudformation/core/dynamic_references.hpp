#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

/// `{{resolve:ssm:/app/url:3}}` and its kin: values that are looked up when a resource is made, and that no
/// template and no event holds.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
namespace aviary::cloudformation {

struct DynamicReference {
  std::string text;   ///< whole, with its braces
  std::string place;  ///< `Environment/Variables/URL`: the property that has it
  enum class From { Ssm, SsmSecure, SecretsManager } from = From::Ssm;
  std::string name;  ///< of the parameter; name or ARN of the secret
  std::string version;
  std::string json_key;
  std::string stage;
};

/// All of them, in a resource's evaluated properties. Refused when one is malformed.
Result<std::vector<DynamicReference>> dynamic_references(const Json& properties);

/// The same properties with the values of these texts in their places.
Json with_dynamic_values(const Json& properties, const std::map<std::string, std::string>& values);

/// What a reference stands for, from what GetSecretValue answers.
Result<std::string> value_of_secret(const DynamicReference& reference, const Json& answer);

}  // namespace aviary::cloudformation
