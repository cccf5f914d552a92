#pragma once

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace aviary::host {

/// An open file descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  void reset() noexcept;

 private:
  int number_;
};

/// The whole of a file, read-only and not copied. For files that nobody shortens while they are read.
class MappedFile {
 public:
  /// Check with `bool` whether the file could be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  explicit operator bool() const noexcept { return good_; }
  std::string_view bytes() const noexcept { return {static_cast<const char*>(start_), size_}; }

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;
  bool good_ = false;
};

/// All of the bytes, where the file stands.
std::error_code write_all(int file, std::string_view bytes);

/// Makes what was put into the folder, or renamed in it, last.
std::error_code sync_folder(const std::filesystem::path& folder);

/// Writes the file beside its place and renames it in, so that a reader sees the whole or nothing. `durable`:
/// it is on disk, and found by its name after a loss of power, when this returns.
std::error_code write_whole(const std::filesystem::path& path, std::string_view bytes, bool durable);

/// Makes the folder and those above it, with the mode for the last, whatever the umask says.
std::error_code make_folder(const std::filesystem::path& path, std::filesystem::perms mode);

}  // namespace aviary::host
