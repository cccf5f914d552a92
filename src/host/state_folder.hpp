#pragma once

#include <boost/system/result.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "ports/sandbox.hpp"

namespace aviary::host {

/// The folder in which a running server keeps what its sandboxes are made of: `<parent>/aviary-<uid>-<n>`, n
/// being the lowest that no living server of this user holds. A lock on the folder itself says who lives; it
/// is shared with the spawner, so it holds until the last sandbox has been cleared away. Opening one also
/// removes what servers that are gone have left: folders and control groups.
class StateFolder {
 public:
  /// `parent` empty: the machine's temporary folder that is on a disk.
  static boost::system::result<StateFolder, LaunchProblem> open(std::filesystem::path parent);
  StateFolder(StateFolder&& other) noexcept;
  StateFolder& operator=(StateFolder&& other) noexcept;
  ~StateFolder();

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Tells the servers of one user apart; small.
  int index() const noexcept { return index_; }
  int lock() const noexcept { return lock_; }
  int claim() const noexcept { return claim_; }
  /// Writes a file below it, making folders on the way.
  bool write(std::string_view relative, std::string_view content, bool executable) const;
  /// After the spawner died: kills what is in its control groups, removes them and what lies in the folder.
  void clear() const;

 private:
  StateFolder(std::filesystem::path path, int index, int lock, int claim)
      : path_(std::move(path)), index_(index), lock_(lock), claim_(claim) {}
  std::filesystem::path path_;
  int index_;
  int lock_;
  int claim_;
};

}  // namespace aviary::host
