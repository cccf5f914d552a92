#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Reads a form of the query protocol into a document by its shape: `Filters.member.1.Name=a`, flattened
/// lists `Filter.1.Name=a`, maps `Tags.entry.1.key=a`. Parameters may come in any order and indices may have
/// gaps; unknown parameters of the request or of a structure are skipped, as `Action` and `Version` are.
///
/// What does not fit is refused in the words that AWS has for it: SerializationException, which the query
/// protocol calls `MalformedInput`.
Result<Json> read_form(std::string_view form, const models::Shape& structure);

}  // namespace aviary::wire
