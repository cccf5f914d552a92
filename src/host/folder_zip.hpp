#pragma once

#include <filesystem>
#include <string>

#include "ports/code_store.hpp"

namespace aviary::host {

/// A folder as a zip: sorted, without times, not compressed, so that the same content gives the same bytes.
/// Links stay links. Blocking. `problem` says, for people, why it cannot be done; empty if it was.
std::string zip_folder(const std::filesystem::path& folder, const CodeLimits& limits, std::string& problem);

}  // namespace aviary::host
