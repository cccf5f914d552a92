#pragma once

#include <filesystem>
#include <system_error>
#include <vector>

namespace aviary::host {

/// Makes `into`, which must not be there, of what lies in the folders, each upon the ones before: of two
/// files of one name the later one is seen, folders are merged. As an overlay of them would be, for those who
/// cannot be given one. Files are linked, not copied, where the file system is the same. Blocking. What went
/// wrong; then nothing is left of `into`.
std::error_code merge_folders(const std::vector<std::filesystem::path>& folders,
                              const std::filesystem::path& into);

}  // namespace aviary::host
