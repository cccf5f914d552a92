#include "services/lambda/core/version.hpp"

#include <fmt/format.h>

namespace aviary::lambda {

std::string Version::function_arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}", scope.region, scope.account, function_name);
}

}  // namespace aviary::lambda
