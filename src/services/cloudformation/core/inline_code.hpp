#pragma once

#include <string>
#include <string_view>

namespace aviary::cloudformation {

/// A zip with one file: what becomes of `Code.ZipFile`, which in a template is the source itself.
std::string zip_of(std::string_view name, std::string_view content);

/// `index.py`, `index.js`: as CloudFormation calls inline code. Empty for runtimes that have none.
std::string_view inline_file_name(std::string_view runtime);

}  // namespace aviary::cloudformation
