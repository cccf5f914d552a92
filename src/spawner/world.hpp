#pragma once

#include <string>
#include <vector>

#include "spawner/system.hpp"

namespace aviary::spawner {

/// What all sandboxes of a server see of the machine: a small tree of read-only binds, made once in the
/// spawner's own mount namespace. A new sandbox gets it with the copy of that namespace, so per sandbox only
/// /var/task, /opt, /tmp and /proc are left to mount.
class World {
 public:
  /// Enters a mount namespace of the spawner's own (and a user namespace, unless it is root's), so that no
  /// mount is ever seen outside and all go with the spawner.
  static Failure enter_own_namespaces();

  /// `folders`: further folders to show read-only at their own paths (interpreters outside of /usr).
  Failure make(const std::string& place, const std::string& runtime_folder,
               const std::vector<std::string>& folders);
  /// Copies the host's name resolution again when it has changed. Existing sandboxes see it too.
  void refresh();
  /// What /etc/hosts says inside, with an address of its own for sandbox.localdomain.
  std::string hosts_with(const std::string& address) const;
  const std::string& place() const noexcept { return place_; }

 private:
  Failure bind(const std::string& from, const std::string& to, bool folder, bool devices = false);
  Failure mirror(const std::string& path);
  bool put(const std::string& path, const std::string& content, unsigned mode = 0644);
  Failure make_etc();
  Failure make_devices();
  Failure make_shell();

  std::string place_;
  std::string resolver_;
  std::string hosts_;
};

/// A copy of the mount tree at `path`, attached nowhere, read-only if asked for; closes into nothing.
Descriptor detached_copy(const char* path, bool read_only);
/// Mounts a file system on `scratch`, and takes it off again into a descriptor.
Descriptor detached_mount(const char* source, const char* scratch, const char* type, unsigned long flags,
                          const char* options);

}  // namespace aviary::spawner
