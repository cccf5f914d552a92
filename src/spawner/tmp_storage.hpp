#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spawner/protocol.hpp"
#include "spawner/system.hpp"

namespace aviary::spawner {

/// Lambda's default size of /tmp.
inline constexpr std::uint64_t usual_tmp_bytes = 512ULL << 20;

/// A sandbox's /tmp, ready to be mounted.
struct TmpFolder {
  TmpKind kind = TmpKind::Host;
  Descriptor mount{};    ///< detached; none when there are no mounts at all
  std::string folder{};  ///< on disk, to be removed afterwards; empty when closing the mount is enough
};

/// Where /tmp comes from (docs/decisions/0004):
/// - an ext4 image in a sparse file, loop-mounted and unlinked at once, where the kernel lets us (root): on
/// disk, of an
///   exact size (ENOSPC beyond it), gone with its last user whatever happens;
/// - else memory, when no memory cgroup would charge it to the function and it is small against the
/// machine's;
/// - else a folder on disk that is watched.
class TmpStorage {
 public:
  /// `place`: a folder of the spawner's own on a disk.
  void open(std::string place, bool memory_is_charged);
  /// In a burst images are too slow: then it is a folder.
  std::optional<TmpFolder> make(const std::string& name, std::uint64_t bytes, Failure& failure);
  /// An ext4 of this size, mounted nowhere; none where that does not work.
  Descriptor make_image(std::uint64_t bytes);
  TmpKind kind_for(std::uint64_t bytes) const;
  bool images() const noexcept { return images_; }
  /// In a process forked off: from here on it gets in nobody's way.
  void open_beside();
  std::string scratch() const { return scratch_; }

 private:
  bool make_template(std::uint64_t bytes, const std::string& path);

  std::string place_;
  std::string scratch_;  ///< where file systems are mounted for a moment
  bool images_ = true;
  bool memory_is_charged_ = false;
  std::uint64_t memory_bound_ = 0;
  std::uint64_t serial_ = 0;
  std::int64_t last_image_ms_ = 0;
};

}  // namespace aviary::spawner
