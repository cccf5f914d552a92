#pragma once

#include <string>
#include <string_view>

namespace aviary::host {

/// The family of a runtime (`nodejs20.x`) or of a family's own name (`nodejs`, `node`).
std::string family_named(std::string_view runtime);

/// Whether a sandbox has its own at this path, so that the machine's cannot be shown there.
bool has_its_own(std::string_view path);

}  // namespace aviary::host
