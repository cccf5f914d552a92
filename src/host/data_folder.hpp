#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "host/file_io.hpp"
#include "host/start_problem.hpp"

namespace aviary::host {

/// A private temporary folder that is removed when the server ends, however it ends: what a killed server
/// left is found by the next one, by a lock that died with its owner. Lies in `$TMPDIR`, else in `/var/tmp`
/// (on disk, where
/// `/tmp` is often memory), else in `/tmp`.
class ScratchFolder {
 public:
  static Started<ScratchFolder> make();
  ~ScratchFolder();
  ScratchFolder(ScratchFolder&&) noexcept = default;
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  /// Others may pass through it, as functions under another user id must, but not list it.
  const std::filesystem::path& path() const noexcept { return path_; }

  /// Folders of servers that are gone; there are none unless one was killed. Cheap.
  static std::vector<std::filesystem::path> leftovers();
  /// Removes them. Blocking: for a worker. A folder whose owner turns out to live is left alone.
  static void remove_leftovers(const std::vector<std::filesystem::path>& folders);

 private:
  ScratchFolder(std::filesystem::path path, Descriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  Descriptor lock_;
};

/// Where a server keeps its files. With a folder given: `lock`, `aviary.sqlite`, `code/` in it, for one
/// server at a time. Without: code in the scratch folder, and no database. What can be made again (unpacked
/// code, sandboxes) is always in the scratch folder.
class DataFolder {
 public:
  /// Takes `folder` for this process; makes it (for its owner only) if it is not there. Refused while another
  /// server has it.
  static Started<DataFolder> open(const std::filesystem::path& folder);
  static Started<DataFolder> temporary();

  bool durable() const noexcept { return folder_.has_value(); }
  /// Only when `durable()`.
  std::filesystem::path database() const { return *folder_ / "aviary.sqlite"; }
  std::filesystem::path code() const { return (durable() ? *folder_ : scratch_.path()) / "code"; }
  std::filesystem::path images() const { return (durable() ? *folder_ : scratch_.path()) / "images"; }
  std::filesystem::path objects() const { return (durable() ? *folder_ : scratch_.path()) / "objects"; }
  std::filesystem::path unpacked() const { return scratch_.path() / "unpacked"; }
  const std::filesystem::path& scratch() const noexcept { return scratch_.path(); }

 private:
  DataFolder(std::optional<std::filesystem::path> folder, Descriptor lock, ScratchFolder scratch)
      : folder_(std::move(folder)), lock_(std::move(lock)), scratch_(std::move(scratch)) {}
  std::optional<std::filesystem::path> folder_;
  Descriptor lock_;
  ScratchFolder scratch_;
};

}  // namespace aviary::host
