#pragma once

#include <string>
#include <utility>

#include "services/cloudformation/core/resource_type.hpp"

namespace aviary::cloudformation {

inline Step lambda_call(std::string operation, Json input) {
  return {.service = "lambda", .operation = std::move(operation), .input = std::move(input)};
}

/// What is gone already is fine.
inline Step lambda_removal(std::string operation, Json input) {
  Step step = lambda_call(std::move(operation), std::move(input));
  step.absent_is_fine = true;
  return step;
}

}  // namespace aviary::cloudformation
