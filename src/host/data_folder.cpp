#include "host/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include "base/log.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

/// What is swept is known by its name and by the name of its lock, so that nobody's data folder
/// (`--data-dir /tmp/aviary-data`), which has a `lock` too, is ever taken for it.
constexpr std::string_view scratch_prefix = "aviary-scratch-";
constexpr std::string_view scratch_lock = "scratch.lock";
constexpr std::string_view data_lock = "lock";
constexpr std::size_t suffix_size = 6;
/// A folder wears this name until it is locked, so that nobody takes it for a dead server's.
constexpr std::string_view unfinished_prefix = ".aviary-scratch-";
constexpr auto passable = fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec;

std::vector<fs::path> scratch_roots() {
  const char* wanted = std::getenv("TMPDIR");
  if (wanted != nullptr && *wanted == '/') return {wanted};
  return {"/var/tmp", "/tmp"};
}

Descriptor open_lock(const fs::path& file, int flags) {
  return Descriptor(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600));
}

bool take(const Descriptor& lock) { return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0; }

void sign(const Descriptor& lock) {
  const std::string pid = fmt::format("{}\n", ::getpid());
  // Only for the message that a second server gives; nothing depends on it.
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
    log::debug("the lock file could not be signed: {}", std::strerror(errno));
}

/// Of the process that signed the lock; 0 if nobody did.
pid_t signer_of(const Descriptor& lock) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(lock.get(), text.data(), text.size(), 0);
  std::string_view pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  pid_t number = 0;
  std::from_chars(pid.data(), pid.data() + pid.size(), number);
  return number;
}

std::string owner_of(const Descriptor& lock) {
  const pid_t pid = signer_of(lock);
  return pid == 0 ? "another Aviary" : fmt::format("another Aviary (process {})", pid);
}

/// As `take`, but waits for what a server that was killed had just begun to start: until that is a program of
/// its own, or has noticed, it holds the lock.
bool take_after_the_dead(const Descriptor& lock) {
  constexpr std::chrono::milliseconds patience{2000};
  constexpr std::chrono::milliseconds step{10};
  for (std::chrono::milliseconds waited{0}; !take(lock); waited += step) {
    const pid_t signer = signer_of(lock);
    const bool is_dead = signer > 0 && ::kill(signer, 0) != 0 && errno == ESRCH;
    if (!is_dead || waited >= patience) return false;
    std::this_thread::sleep_for(step);
  }
  return true;
}

/// A folder of this user's with a lock that nobody holds, or whose lock was the last thing removed from it.
bool is_leftover(const fs::path& folder) {
  const std::string name = folder.filename().native();
  if (!name.starts_with(scratch_prefix) || name.size() != scratch_prefix.size() + suffix_size) return false;
  struct stat facts {};
  if (::lstat(folder.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) || facts.st_uid != ::geteuid())
    return false;
  const Descriptor lock = open_lock(folder / scratch_lock, 0);
  if (lock) return take(lock);
  std::error_code problem;
  return errno == ENOENT && fs::is_empty(folder, problem) && !problem;
}

/// The lock goes last: a sweep that is cut short leaves what the next one still knows for a leftover.
void remove_scratch(const fs::path& folder, std::error_code& problem) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem))
    if (entry->path().filename() != scratch_lock) entries.push_back(entry->path());
  for (const fs::path& entry : entries) {
    if (problem) return;
    fs::remove_all(entry, problem);
  }
  if (!problem) fs::remove_all(folder, problem);
}

}  // namespace

Started<ScratchFolder> ScratchFolder::make() {
  std::string problem;
  for (const fs::path& root : scratch_roots()) {
    std::string unfinished = (root / fmt::format("{}XXXXXX", unfinished_prefix)).native();
    if (::mkdtemp(unfinished.data()) == nullptr) {
      problem =
          fmt::format("cannot make a temporary folder in {}: {}; set TMPDIR to a folder that can be written",
                      root.native(), std::strerror(errno));
      continue;
    }
    Descriptor lock = open_lock(fs::path(unfinished) / scratch_lock, O_CREAT);
    std::error_code failure;
    fs::path path = root / fmt::format("{}{}", scratch_prefix,
                                       std::string_view(unfinished).substr(unfinished.size() - suffix_size));
    if (lock && take(lock)) {
      sign(lock);
      fs::permissions(unfinished, passable, failure);
      if (!failure) fs::rename(unfinished, path, failure);
      if (!failure) return ScratchFolder(std::move(path), std::move(lock));
    }
    problem = fmt::format("cannot use the temporary folder {}: {}", unfinished,
                          failure ? failure.message() : std::strerror(errno));
    fs::remove_all(unfinished, failure);
  }
  return StartProblem{problem};
}

ScratchFolder::~ScratchFolder() {
  if (!lock_) return;
  std::error_code problem;
  remove_scratch(path_, problem);
  if (problem) log::warn("{} could not be removed: {}", path_.native(), problem.message());
}

std::vector<fs::path> ScratchFolder::leftovers() {
  std::vector<fs::path> found;
  std::error_code problem;
  for (const fs::path& root : scratch_roots()) {
    for (fs::directory_iterator entry(root, problem), end; !problem && entry != end;
         entry.increment(problem)) {
      if (is_leftover(entry->path())) found.push_back(entry->path());
    }
    problem.clear();
  }
  return found;
}

void ScratchFolder::remove_leftovers(const std::vector<fs::path>& folders) {
  for (const fs::path& folder : folders) {
    if (!is_leftover(folder)) continue;
    std::error_code problem;
    remove_scratch(folder, problem);
    if (problem)
      log::warn("{}, left by a server that was killed, could not be removed: {}", folder.native(),
                problem.message());
  }
}

Started<DataFolder> DataFolder::open(const fs::path& folder) {
  const auto refuse = [&folder](std::string_view why) {
    return StartProblem{fmt::format("cannot use the data folder {}: {}", folder.native(), why)};
  };
  if (const auto problem = make_folder(folder, fs::perms::owner_all)) return refuse(problem.message());
  // As it is now: what a later change of the working directory means to it must not matter.
  std::error_code problem;
  fs::path where = fs::canonical(folder, problem);
  if (problem) return refuse(problem.message());
  Descriptor lock = open_lock(where / data_lock, O_CREAT);
  if (!lock) return refuse(std::strerror(errno));
  if (!take_after_the_dead(lock))
    return refuse(fmt::format("{} is using it; stop that one, or choose another folder", owner_of(lock)));
  sign(lock);
  auto scratch = ScratchFolder::make();
  if (!scratch) return scratch.error();
  DataFolder made(std::move(where), std::move(lock), std::move(*scratch));
  if (const auto failed = make_folder(made.code(), fs::perms::owner_all)) return refuse(failed.message());
  if (const auto failed = make_folder(made.unpacked(), passable)) return refuse(failed.message());
  return made;
}

Started<DataFolder> DataFolder::temporary() {
  auto scratch = ScratchFolder::make();
  if (!scratch) return scratch.error();
  DataFolder made(std::nullopt, Descriptor(), std::move(*scratch));
  for (const auto& [path, mode] :
       {std::pair{made.code(), fs::perms::owner_all}, std::pair{made.unpacked(), passable}}) {
    if (const auto failed = make_folder(path, mode))
      return StartProblem{fmt::format("cannot make {}: {}", path.native(), failed.message())};
  }
  return made;
}

}  // namespace aviary::host
