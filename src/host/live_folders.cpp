#include "host/live_folders.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#include "host/file_io.hpp"
#include "host/folder_zip.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// Deeper folders are a loop of mounts, or a mistake.
constexpr int deepest_folder = 128;
/// Two changes within one tick of the kernel's clock leave the same times behind.
constexpr std::int64_t tick_ns = 20'000'000;

std::int64_t in_nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

class Fnv {
 public:
  Fnv& text(std::string_view bytes) {
    for (const char c : bytes) value_ = (value_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return number(bytes.size());
  }
  Fnv& number(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) value_ = (value_ ^ (number >> (8 * byte) & 0xff)) * 1099511628211ULL;
    return *this;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037ULL;
};

/// Adds up the hashes of all entries, so that the order in which a folder lists them does not matter.
class FolderStamp {
 public:
  void walk(int folder, const std::string& path, int depth) {
    DIR* listing = ::fdopendir(folder);
    if (listing == nullptr) {
      ::close(folder);
      return;
    }
    while (const dirent* entry = ::readdir(listing)) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat status;
      if (::fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const std::string below = path + '/' + std::string(name);
      add(below, status);
      if (S_ISLNK(status.st_mode)) {
        std::array<char, PATH_MAX> target;
        const ssize_t length = ::readlinkat(folder, entry->d_name, target.data(), target.size());
        if (length > 0) sum_ += Fnv().text({target.data(), static_cast<std::size_t>(length)}).value();
      }
      if (!S_ISDIR(status.st_mode) || depth >= deepest_folder) continue;
      const int inner =
          ::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
      if (inner >= 0) walk(inner, below, depth + 1);
    }
    ::closedir(listing);
  }
  void add(const std::string& path, const struct stat& status) {
    const std::int64_t changed = in_nanoseconds(status.st_ctim);
    newest_ = std::max(newest_, changed);
    sum_ +=
        Fnv()
            .text(path)
            .number(status.st_ino)
            .number(status.st_mode)
            // A folder's size and times say nothing that its entries do not.
            .number(S_ISDIR(status.st_mode) ? 0 : static_cast<std::uint64_t>(status.st_size))
            .number(S_ISDIR(status.st_mode) ? 0 : static_cast<std::uint64_t>(in_nanoseconds(status.st_mtim)))
            .number(S_ISDIR(status.st_mode) ? 0 : static_cast<std::uint64_t>(changed))
            .value();
  }
  /// Something changed just now: the next change may not show in any time. Such a stamp is like no other.
  std::uint64_t finish() {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t age = in_nanoseconds(now) - newest_;
    if (age >= 0 && age < tick_ns)
      sum_ += Fnv().number(static_cast<std::uint64_t>(in_nanoseconds(now))).value();
    return sum_ == 0 ? 1 : sum_;
  }

 private:
  std::uint64_t sum_ = 0;
  std::int64_t newest_ = 0;
};

bool is_below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

}  // namespace

std::uint64_t folder_stamp(const fs::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  if (opened < 0) return 0;
  FolderStamp stamp;
  struct stat status;
  if (::fstat(opened, &status) == 0) stamp.add(folder.native(), status);
  stamp.walk(opened, {}, 0);
  return stamp.finish();
}

HostLiveFolders::HostLiveFolders(WorkerPool& workers, LiveFolderOptions options)
    : workers_(workers), options_(std::move(options)) {
  for (fs::path& root : options_.roots) {
    std::error_code problem;
    const fs::path real = fs::canonical(root, problem);
    if (!problem) root = real;
  }
}

LiveFolders::Result<fs::path> HostLiveFolders::find(std::string_view path) {
  if (options_.roots.empty())
    return FolderProblem{
        FolderProblem::Why::Off,

        "Hot reload is off here. Start the server with --hot-reload-root DIR: functions may then run from "
        "folders below DIR."};
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos)
    return FolderProblem{FolderProblem::Why::NotThere,
                         fmt::format("Hot reload wants the absolute path of a folder, not '{}'.", path)};
  std::error_code problem;
  fs::path real = fs::canonical(path, problem);
  // What lies outside is not told apart from what does not exist: nobody is to look around that way.
  const auto inside = [&real](const fs::path& root) { return is_below(real, root); };
  if (problem || std::none_of(options_.roots.begin(), options_.roots.end(), inside)) {
    std::string roots;
    for (const fs::path& root : options_.roots) roots += (roots.empty() ? "" : ", ") + root.string();
    return FolderProblem{
        FolderProblem::Why::NotThere,

        fmt::format("There is no folder {} below those that --hot-reload-root names ({}).", path, roots)};
  }
  struct stat status;
  if (::stat(real.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return FolderProblem{FolderProblem::Why::NotThere, fmt::format("{} is not a folder.", path)};
  if (options_.foreign_user && (status.st_mode & (S_IROTH | S_IXOTH)) != (S_IROTH | S_IXOTH))
    return FolderProblem{
        FolderProblem::Why::Unreadable,

        fmt::format("Functions run as a user of their own, who cannot read {}: chmod o+rx it.", path)};
  return real;
}

Task<std::uint64_t> HostLiveFolders::stamp(fs::path folder) {
  const Result<fs::path> real = find(folder.native());
  if (!real) co_return 0;
  auto look = [real = *real] { return folder_stamp(real); };
  const std::uint64_t stamp = co_await workers_.run(look);
  co_return stamp;
}

Task<LiveFolders::Result<std::string>> HostLiveFolders::pack(fs::path folder) {
  const Result<fs::path> real = find(folder.native());
  if (!real) co_return real.error();
  auto zip = [real = *real]() -> Result<std::string> {
    std::string problem;
    std::string bytes = zip_folder(real, CodeLimits{}, problem);
    if (!problem.empty()) return FolderProblem{FolderProblem::Why::TooLarge, std::move(problem)};
    return bytes;
  };
  Result<std::string> packed = co_await workers_.run(zip);
  co_return packed;
}

}  // namespace aviary::host
