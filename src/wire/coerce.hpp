#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Fits a document that was not decoded from a protocol to a shape: text that stands for a number or a truth
/// value becomes one, and the other way round; a single value where a list is meant becomes a list. Members
/// that the model does not know, and values of the wrong kind, are an error that names them: `#/Environment:
/// extraneous key [Foo] is not permitted`. Constraints are not checked.
Result<Json> coerce(const models::Shape& shape, Json value);

}  // namespace aviary::wire
