#pragma once

#include <vector>

#include "ports/live_folders.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

struct LiveFolderOptions {
  std::vector<std::filesystem::path> roots{};  ///< functions may run from these folders and those below
  /// Functions run as another user than the server: folders have to be open to others.
  bool foreign_user = false;
};

/// A number that is another one when anything below the folder has changed. 0: there is no folder. Blocking.
std::uint64_t folder_stamp(const std::filesystem::path& folder);

/// The developer's folders on this machine. Links are resolved anew at each use, so that one that points
/// elsewhere by now, or out of the roots, is seen.
///
/// Changes are found by walking the folder, not by inotify: a walk needs no watches (there are some thousands
/// a user, and `node_modules` alone has that many folders), sees changes that come over a network or from
/// another machine's side of a shared folder, and costs about a microsecond a file, away from the loop.
class HostLiveFolders final : public LiveFolders {
 public:
  HostLiveFolders(WorkerPool& workers, LiveFolderOptions options);

  Result<std::filesystem::path> find(std::string_view path) override;
  Task<std::uint64_t> stamp(std::filesystem::path folder) override;
  Task<Result<std::string>> pack(std::filesystem::path folder) override;

 private:
  WorkerPool& workers_;
  LiveFolderOptions options_;
};

}  // namespace aviary::host
