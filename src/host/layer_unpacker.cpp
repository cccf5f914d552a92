#include "host/layer_unpacker.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "host/file_io.hpp"
#include "host/utf8_names.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;
using Why = ImageProblem::Why;
using Problem = std::optional<ImageProblem>;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque_whiteout = ".wh..wh..opq";
/// Of aufs: about the file system below, nothing to be done.
constexpr std::string_view whiteout_meta = ".wh..wh.";

/// The path without `.` and double slashes, relative to the root. Nothing for one that goes up, nor for one
/// deeper than what can be removed again.
std::optional<std::string> clean_layer_path(std::string_view path) {
  constexpr int deepest = 256;
  std::string clean;
  int depth = 0;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part == "..") return std::nullopt;
    if (part.empty() || part == ".") continue;
    if (++depth > deepest) return std::nullopt;
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {std::string(), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

struct ArchiveEnd {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

std::string entry_text(const char* as_is, const char* as_utf8) {
  if (as_is != nullptr) return as_is;
  return as_utf8 == nullptr ? "" : as_utf8;
}

class Unpacker {
 public:
  Unpacker(const fs::path& folder, const ImageLimits& limits)
      : root_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), limits_(limits) {}

  bool open() const { return static_cast<bool>(root_); }
  Problem unpack(const fs::path& layer);
  Problem furnish(const std::string& working_directory);

 private:
  Descriptor inside(const std::string& path) const;
  Descriptor make_parent(const std::string& folder, int depth = 0);
  Problem take(archive* reader, archive_entry* entry);
  Problem white_out(const std::string& folder, const std::string& name);
  void empty_folder(const std::string& path);
  Problem make_folder_at(const Descriptor& parent, const std::string& name, unsigned mode);
  Problem make_file(archive* reader, const Descriptor& parent, const std::string& name, unsigned mode);
  Problem make_hard_link(const std::string& target, const Descriptor& parent, const std::string& name);
  static bool remove(const Descriptor& parent, const std::string& name);
  Problem disk(std::string_view path) const {
    return ImageProblem{Why::Disk, fmt::format("{}: {}", path, std::strerror(errno))};
  }
  Problem broken(std::string_view what) const {
    return ImageProblem{Why::Broken, fmt::format("A layer of it cannot be unpacked: {}.", what)};
  }

  Descriptor root_;
  const ImageLimits& limits_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
  std::unordered_set<std::string> written_{};  ///< by this layer, with the folders that lead there
};

/// The folder at `path` as the image sees it: links of the image lead no further than its root.
Descriptor Unpacker::inside(const std::string& path) const {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(
      ::syscall(SYS_openat2, root_.get(), path.empty() ? "." : path.c_str(), &how, sizeof how)));
}

/// The same; folders that no layer names are made.
Descriptor Unpacker::make_parent(const std::string& folder, int depth) {
  constexpr int deepest = 512;
  Descriptor there = inside(folder);
  if (there || errno != ENOENT || folder.empty() || depth > deepest) return there;
  const auto [above, name] = split_path(folder);
  const Descriptor parent = make_parent(above, depth + 1);
  if (!parent || ::mkdirat(parent.get(), name.c_str(), 0755) != 0) return Descriptor();
  ::fchmodat(parent.get(), name.c_str(), 0755, 0);
  return inside(folder);
}

bool Unpacker::remove(const Descriptor& parent, const std::string& name) {
  if (::unlinkat(parent.get(), name.c_str(), 0) == 0 || errno == ENOENT) return true;
  // Never follows a link, and the folder is ours: nobody changes it meanwhile.
  std::error_code problem;
  fs::remove_all(fs::path(fmt::format("/proc/self/fd/{}", parent.get())) / name, problem);
  return !problem;
}

/// What lower layers have in the folder is gone; what this one has put there stays.
void Unpacker::empty_folder(const std::string& path) {
  const Descriptor folder = inside(path);
  if (!folder) return;
  std::vector<std::pair<std::string, bool>> names;
  DIR* listing = ::fdopendir(::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat facts {};
    const bool is_folder =
        ::fstatat(folder.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
    names.emplace_back(name, is_folder);
  }
  ::closedir(listing);
  for (const auto& [name, is_folder] : names) {
    const std::string below = path.empty() ? name : path + "/" + name;
    if (!written_.contains(below))
      remove(folder, name);
    else if (is_folder)
      empty_folder(below);
  }
}

Problem Unpacker::white_out(const std::string& folder, const std::string& name) {
  if (name == opaque_whiteout) {
    empty_folder(folder);
    return std::nullopt;
  }
  if (name.starts_with(whiteout_meta)) return std::nullopt;
  const std::string victim = name.substr(whiteout.size());
  if (victim.empty() || victim == "." || victim == "..") return broken("a whiteout of nothing");
  // Only of lower layers.
  if (written_.contains(folder.empty() ? victim : folder + "/" + victim)) return std::nullopt;
  const Descriptor parent = inside(folder);
  if (parent && !remove(parent, victim)) return disk(victim);
  return std::nullopt;
}

Problem Unpacker::make_folder_at(const Descriptor& parent, const std::string& name, unsigned mode) {
  struct stat facts {};
  const bool there = ::fstatat(parent.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there || !S_ISDIR(facts.st_mode)) {
    if (there && !remove(parent, name)) return disk(name);
    if (::mkdirat(parent.get(), name.c_str(), 0755) != 0) return disk(name);
  }
  // Further layers have to be able to write into it, whoever runs us.
  if (::fchmodat(parent.get(), name.c_str(), (mode & 01777U) | 0700U, 0) != 0) return disk(name);
  return std::nullopt;
}

Problem Unpacker::make_file(archive* reader, const Descriptor& parent, const std::string& name,
                            unsigned mode) {
  const Descriptor file(
      ::openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return disk(name);
  const void* block = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  std::uint64_t end = 0;
  for (;;) {
    const int state = archive_read_data_block(reader, &block, &size, &offset);
    if (state == ARCHIVE_EOF) break;
    if (state != ARCHIVE_OK) return broken(archive_error_string(reader));
    const std::uint64_t reaches = static_cast<std::uint64_t>(offset) + size;
    if (offset < 0 || reaches > limits_.bytes - bytes_)
      return ImageProblem{Why::TooLarge, fmt::format("It unpacks to more than {} MB.", limits_.bytes >> 20)};
    for (std::size_t done = 0; done < size;) {
      const ssize_t written = ::pwrite(file.get(), static_cast<const char*>(block) + done, size - done,
                                       static_cast<off_t>(offset) + static_cast<off_t>(done));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return disk(name);
      done += static_cast<std::size_t>(written);
    }
    end = std::max(end, reaches);
  }
  bytes_ += end;
  if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0 || ::fchmod(file.get(), mode & 0777U) != 0)
    return disk(name);
  return std::nullopt;
}

Problem Unpacker::make_hard_link(const std::string& target, const Descriptor& parent,
                                 const std::string& name) {
  const std::optional<std::string> clean = clean_layer_path(target);
  if (!clean || clean->empty()) return broken("a link that leaves the image: " + target);
  const auto [folder, file] = split_path(*clean);
  const Descriptor from = inside(folder);
  if (!from) return broken("a link to what is not there: " + target);
  struct stat facts {};
  if (::fstatat(from.get(), file.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(facts.st_mode))
    return broken("a link to what is not there: " + target);
  struct stat own {};
  if (::fstatat(parent.get(), name.c_str(), &own, AT_SYMLINK_NOFOLLOW) == 0) {
    if (own.st_ino == facts.st_ino && own.st_dev == facts.st_dev) return std::nullopt;
    if (!remove(parent, name)) return disk(name);
  }
  if (::linkat(from.get(), file.c_str(), parent.get(), name.c_str(), 0) != 0) return disk(name);
  return std::nullopt;
}

Problem Unpacker::take(archive* reader, archive_entry* entry) {
  const std::string given = entry_text(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
  const std::optional<std::string> path = clean_layer_path(given);
  if (!path) return broken("a path that leaves the image or is too deep: " + given);
  if (++entries_ > limits_.entries)
    return ImageProblem{Why::TooLarge, fmt::format("It has more than {} files.", limits_.entries)};
  if (path->empty()) return std::nullopt;  // the root itself
  const auto [folder, name] = split_path(*path);
  if (name.starts_with(whiteout)) return white_out(folder, name);
  const Descriptor parent = make_parent(folder);
  if (!parent) return broken(fmt::format("{}: {}", given, std::strerror(errno)));

  const unsigned type = archive_entry_filetype(entry);
  const unsigned mode = archive_entry_perm(entry);
  const std::string hard = entry_text(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
  Problem problem;
  if (!hard.empty()) {
    problem = make_hard_link(hard, parent, name);
  } else if (type == AE_IFDIR) {
    problem = make_folder_at(parent, name, mode);
  } else if (type == AE_IFREG) {
    problem = remove(parent, name) ? make_file(reader, parent, name, mode) : disk(name);
  } else if (type == AE_IFLNK) {
    const std::string target = entry_text(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
    if (!remove(parent, name) || ::symlinkat(target.c_str(), parent.get(), name.c_str()) != 0)
      problem = disk(name);
  } else {
    return std::nullopt;  // a device, a pipe, a socket
  }
  if (problem) return problem;
  for (std::string named = *path; !named.empty(); named = split_path(named).first)
    if (!written_.insert(named).second) break;
  return std::nullopt;
}

Problem Unpacker::unpack(const fs::path& layer) {
  const MappedFile bytes(layer);
  if (!bytes) return disk(layer.native());
  written_.clear();
  const Utf8Names names;
  const std::unique_ptr<archive, ArchiveEnd> reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.bytes().data(), bytes.bytes().size()) != ARCHIVE_OK)
    return broken(archive_error_string(reader.get()));
  for (;;) {
    archive_entry* entry = nullptr;
    const int state = archive_read_next_header(reader.get(), &entry);
    if (state == ARCHIVE_EOF) return std::nullopt;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN) return broken(archive_error_string(reader.get()));
    if (Problem problem = take(reader.get(), entry)) return problem;
  }
}

/// Links of the image's own must not stand where something will be mounted.
Problem Unpacker::furnish(const std::string& working_directory) {
  written_.clear();
  for (const auto& [name, mode] : {std::pair{"proc", 0555U}, std::pair{"dev", 0755U}, std::pair{"etc", 0755U},
                                   std::pair{"tmp", 01777U}}) {
    struct stat facts {};
    const bool there = ::fstatat(root_.get(), name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && S_ISDIR(facts.st_mode)) continue;
    if (Problem problem = make_folder_at(root_, name, mode)) return problem;
  }
  const Descriptor etc = inside("etc");
  if (!etc) return disk("/etc");
  for (const char* name : {"resolv.conf", "hosts"}) {
    struct stat facts {};
    const bool there = ::fstatat(etc.get(), name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && S_ISREG(facts.st_mode)) continue;
    if (there && !remove(etc, name)) return disk(name);
    const Descriptor made(::openat(etc.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!made) return disk(name);
  }
  if (const auto folder = clean_layer_path(working_directory); folder && !folder->empty())
    make_parent(*folder);  // where it cannot be made, the start says so
  if (::fchmod(root_.get(), 0755) != 0) return disk("/");
  return std::nullopt;
}

}  // namespace

std::optional<ImageProblem> unpack_layers(const std::vector<fs::path>& layers, const fs::path& folder,
                                          const ImageLimits& limits, const std::string& working_directory) {
  Unpacker unpacker(folder, limits);
  if (!unpacker.open())
    return ImageProblem{Why::Disk, fmt::format("{}: {}", folder.native(), std::strerror(errno))};
  for (const fs::path& layer : layers)
    if (Problem problem = unpacker.unpack(layer)) return problem;
  return unpacker.furnish(working_directory);
}

}  // namespace aviary::host
