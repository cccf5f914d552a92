#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// How a service tells of violations.
enum class ViolationWords {
  All,  ///< `2 validation errors detected: Value 'x' at 'name' failed to satisfy constraint: Member must …`
  First,  ///< `Invalid parameter at 'name' failed to satisfy constraint: 'must …'`, without the others: ECR
};
ViolationWords violation_words(const models::Operation& operation);

/// Checks a document against the constraints of its shape. All violations come in one ValidationException, in
/// the order of the model's members and in AWS's words; beyond ten AWS stops, and so does this.
Result<> validate(const models::Shape& shape, const Json& document,
                  ViolationWords words = ViolationWords::All);

}  // namespace aviary::wire
