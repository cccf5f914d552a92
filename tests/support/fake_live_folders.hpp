#pragma once

#include <map>
#include <string>

#include "ports/live_folders.hpp"

namespace aviary::testing {

/// Folders by path, whose stamp and content the test sets.
class FakeLiveFolders final : public LiveFolders {
 public:
  struct Folder {
    std::uint64_t stamp = 1;
    std::string zip = "PK as it was";
  };

  Result<std::filesystem::path> find(std::string_view path) override {
    if (!folders.contains(std::string(path)))
      return FolderProblem{FolderProblem::Why::NotThere, "No such folder."};
    return std::filesystem::path("/real") / std::filesystem::path(path).relative_path();
  }
  Task<std::uint64_t> stamp(std::filesystem::path folder) override {
    ++stamps;
    const auto found = folders.find(folder.string());
    co_return found == folders.end() ? 0 : found->second.stamp;
  }
  Task<Result<std::string>> pack(std::filesystem::path folder) override {
    const auto found = folders.find(folder.string());
    if (found == folders.end()) co_return FolderProblem{FolderProblem::Why::NotThere, "No such folder."};
    std::string zip = found->second.zip;
    co_return zip;
  }

  std::map<std::string, Folder> folders;
  int stamps = 0;
};

}  // namespace aviary::testing
