#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aviary::codedeploy {

/// An AppSpec file for Lambda, understood: which alias goes from which version to which, and which functions
/// have a say in it.
struct AppSpec {
  std::string resource;  ///< its logical name in the file; the deployment's target id
  std::string function;
  std::string alias;
  std::string current_version;
  std::string target_version;
  std::string before_hook{};  ///< BeforeAllowTraffic: a function's name or ARN; empty: none
  std::string after_hook{};   ///< AfterAllowTraffic

  bool operator==(const AppSpec&) const = default;
};

/// Reads YAML or JSON (which is YAML), both the standard form of a resource (`- name: {Type, Properties}`)
/// and the flat one (`- id: name`, `Type`, `Properties`). InvalidRevisionException for everything else,
/// naming what is wrong; an intrinsic function (`!Ref`) that nobody resolved is refused as such.
Result<AppSpec> parse_app_spec(std::string_view text);

/// An AppSpec file (JSON) that goes from one version to another without hooks: a rollback's revision.
std::string write_app_spec(const AppSpec& spec);

}  // namespace aviary::codedeploy
