#pragma once

#include <span>
#include <string>
#include <string_view>

namespace aviary::cloudformation {

struct ZipEntry {
  std::string_view name;
  std::string_view content;
};
/// A zip of these files: stored, without times.
std::string zip_of(std::span<const ZipEntry> entries);
std::string zip_of(std::string_view name, std::string_view content);

/// `index.py`, `index.js`: as CloudFormation calls inline code. Empty for runtimes that have none.
std::string_view inline_file_name(std::string_view runtime);

/// What becomes of `Code.ZipFile`, which in a template is the source itself: a zip, with the module by which
/// custom resources answer if the source names it. Empty for runtimes that have no inline code.
std::string inline_package(std::string_view runtime, std::string_view source);

}  // namespace aviary::cloudformation
