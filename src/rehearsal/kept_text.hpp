#pragma once

#include <string>

#include "base/json.hpp"

namespace aviary::rehearsal {

/// An event or an answer as a document to show and to compare; as the text it is, if it is no JSON or nested
/// deeper than an invoke may be.
Json document_of_text(const std::string& text);

}  // namespace aviary::rehearsal
