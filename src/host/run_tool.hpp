#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aviary::host {

/// Runs a program of the developer's (found by PATH) in a folder, and waits for it: `npm install`. What it
/// prints goes to standard error. Its exit status; 127 when there is no such program. Blocking.
int run_tool(const std::vector<std::string>& words, const std::filesystem::path& folder);

/// A folder of its own with a copy of another; gone with this.
class FolderCopy {
 public:
  explicit FolderCopy(const std::filesystem::path& original);
  ~FolderCopy();
  FolderCopy(const FolderCopy&) = delete;
  FolderCopy& operator=(const FolderCopy&) = delete;

  /// Empty: it could not be made.
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace aviary::host
