#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Reads JSON straight into a document by its shape: one pass, and what the model does not know is never
/// stored, so that a body cannot cost more memory than its size allows.
Result<Json> read_json(std::string_view body, const models::Shape& structure, bool whole);

}  // namespace aviary::wire
