#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/stack.hpp"

/// Drift: whether a resource is still what its template says. Only properties that the template gives are
/// looked at, and of those only what can be read back (code and secrets cannot), as at CloudFormation.
/// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
namespace aviary::cloudformation {

/// How resources of one type are read back.
struct DriftReader {
  std::string_view type;
  std::vector<std::string_view> readable;  ///< properties that can be read back; others are not compared
  Steps (*read)(const Context&, const Existing& existing);
  /// What there is, in the words of the type's properties; from the outputs of the reads.
  Json (*actual)(const Context&, const std::vector<Json>& outputs);
};

/// A part of the readers: drift_readers_others.cpp.
std::span<const DriftReader> other_drift_readers();

/// Null for a type that cannot be read back: NOT_CHECKED.
const DriftReader* find_drift_reader(std::string_view type);

/// The template's properties that can be compared: neither hidden ones nor those that are looked up.
Json comparable_properties(const StackResource& resource, const DriftReader& reader);

/// `PropertyDifference`s: ADD is what is there beyond the template, REMOVE what is not there any more.
/// Numbers and truth values may be texts on either side.
Json property_differences(const Json& expected, const Json& actual);

/// A stack's status from those of its resources.
std::string_view drift_of_stack(std::size_t drifted, std::size_t unknown, std::size_t checked);

}  // namespace aviary::cloudformation
