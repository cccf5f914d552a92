#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Checks a document against the constraints of its shape. All violations come in one ValidationException, in
/// the order of the model's members and in AWS's words; beyond ten AWS stops, and so does this.
Result<> validate(const models::Shape& shape, const Json& document);

}  // namespace aviary::wire
