#pragma once

#include <compare>
#include <string>

namespace aviary::codedeploy {

/// Where applications and deployments live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

}  // namespace aviary::codedeploy
