#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace aviary::spawner {

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset(int fd = -1);
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// What failed, and its errno; 0 is success.
struct Failure {
  int error_number = 0;
  std::string step{};
  explicit operator bool() const noexcept { return error_number != 0; }
};
inline Failure failed(std::string_view step) { return {errno, std::string(step)}; }

// System calls that C libraries of Debian 12 may not wrap.
int open_tree(int directory, const char* path, unsigned flags);
int move_mount(int from, const char* from_path, int to, const char* to_path, unsigned flags);
/// Read-only, no set-uid, no devices; recursively.
int seal_mount(int directory, const char* path, bool read_only);
int pivot_root(const char* new_root, const char* put_old);
int close_from(unsigned first);
/// fork() with new namespaces: 0 in the child.
pid_t clone_with(std::uint64_t flags);

/// Whole small files. Reading gives "" for what cannot be read.
std::string read_file(const char* path, std::size_t most = 64 * 1024);
bool write_file(const char* path, std::string_view content);
bool make_folders(const std::string& path, mode_t mode);
/// Removes what `path` names, folder or not, and all below it; follows no link, crosses no mount. True when
/// it is gone.
bool remove_tree(int directory, const char* path);

std::int64_t monotonic_ms();

}  // namespace aviary::spawner
