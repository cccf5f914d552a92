#pragma once

#include <string_view>

#include "base/json.hpp"
#include "rehearsal/refusal.hpp"

namespace aviary::rehearsal {

/// A YAML text as the document that JSON of the same meaning would be: what is not quoted and looks like a
/// number, a truth value or null is one.
Checked<Json> read_yaml(std::string_view text);

}  // namespace aviary::rehearsal
