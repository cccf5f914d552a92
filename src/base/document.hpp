#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

/// Reading a document that was validated against its model: a member that is null counts as absent.
namespace aviary {

/// Null if the member is absent or null.
const Json* find_member(const Json& document, const char* name);
/// Empty if it is absent or no text.
const std::string& text_of(const Json& document, const char* name);
/// Empty if it is absent; what is no text is left out.
std::vector<std::string> texts_of(const Json& document, const char* name);
/// False if it is absent or no boolean.
bool flag_of(const Json& document, const char* name);

}  // namespace aviary
