#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spawner/protocol.hpp"
#include "spawner/system.hpp"

namespace aviary::spawner {

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
  std::optional<TmpFolder> make(const std::string& name, std::uint64_t bytes, Failure& failure);
  /// Makes one of the usual size ahead, if images work here; called when there is nothing else to do.
  void make_spare();
  bool wants_spare() const;
  TmpKind kind_for(std::uint64_t bytes) const;
  void close_spares() { spares_.clear(); }

 private:
  Descriptor make_image(std::uint64_t bytes);
  bool make_template(std::uint64_t bytes, const std::string& path);

  std::string place_;
  bool images_ = true;
  bool memory_is_charged_ = false;
  std::uint64_t memory_bound_ = 0;
  std::map<std::uint64_t, std::string> templates_;
  std::vector<Descriptor> spares_;
  std::uint64_t spare_bytes_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace aviary::spawner
