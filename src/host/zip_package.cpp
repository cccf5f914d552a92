#include "host/zip_package.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "host/zip_plan.hpp"
#include "host/zip_reader.hpp"

namespace aviary::host {
namespace {

/// Takes the content of the files, in the order of the archive. False when the disk refuses.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool begin(const std::string& path, unsigned permissions) = 0;
  virtual bool write(std::string_view piece) = 0;
  virtual bool end() = 0;
};

class NoSink final : public Sink {
 public:
  bool begin(const std::string&, unsigned) override { return true; }
  bool write(std::string_view) override { return true; }
  bool end() override { return true; }
};

/// Writes below one folder. No link is there while files are written, so no path can lead elsewhere.
class FolderSink final : public Sink {
 public:
  explicit FolderSink(const std::filesystem::path& folder)
      : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~FolderSink() override {
    close_file();
    if (folder_ >= 0) ::close(folder_);
  }
  FolderSink(const FolderSink&) = delete;
  FolderSink& operator=(const FolderSink&) = delete;

  bool make_folders(const ZipPlan& plan) const {
    // The mode is set apart from the making, as the umask must not have a say.
    if (folder_ < 0 || ::fchmod(folder_, 0755) != 0) return false;
    for (const auto& [path, item] : plan.items) {
      if (item.kind != ZipEntry::Kind::Folder) continue;
      if (::mkdirat(folder_, path.c_str(), 0755) != 0 || ::fchmodat(folder_, path.c_str(), 0755, 0) != 0)
        return false;
    }
    return true;
  }

  bool make_links(const ZipPlan& plan) const {
    for (const auto& [path, item] : plan.items) {
      if (item.kind != ZipEntry::Kind::Link) continue;
      if (::symlinkat(item.link_target.c_str(), folder_, path.c_str()) != 0) return false;
    }
    return true;
  }

  bool begin(const std::string& path, unsigned permissions) override {
    constexpr int how = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file_ = ::openat(folder_, path.c_str(), how, 0600);
    if (file_ < 0 && errno == EEXIST && ::unlinkat(folder_, path.c_str(), 0) == 0)
      file_ = ::openat(folder_, path.c_str(), how, 0600);  // listed twice: the later one counts
    return file_ >= 0 && ::fchmod(file_, permissions == 0 ? 0644 : permissions & 0755U) == 0;
  }

  bool write(std::string_view piece) override {
    while (!piece.empty()) {
      const ssize_t written = ::write(file_, piece.data(), piece.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      piece.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  bool end() override { return close_file(); }

 private:
  bool close_file() {
    const int closed = file_ < 0 ? 0 : ::close(file_);
    file_ = -1;
    return closed == 0;
  }

  int folder_;
  int file_ = -1;
};

/// Reads every file's content into the sink. Entries are those that the plan was made from.
UnzippedSize read_content(std::string_view zip, const CodeLimits& limits, Sink& sink) {
  std::uint64_t total = 0;
  ZipReader reader(zip);
  ZipEntry entry;
  auto step = ZipReader::Step::Ready;
  while ((step = reader.next(entry)) == ZipReader::Step::Ready) {
    if (entry.kind != ZipEntry::Kind::File) continue;
    if (!sink.begin(clean_zip_path(entry.path).value_or(""), entry.permissions)) return CodeProblem::Disk;
    std::string_view piece;
    while ((step = reader.read(piece)) == ZipReader::Step::Ready) {
      total += piece.size();
      if (total > limits.unzipped_bytes) return CodeProblem::TooLarge;
      if (!sink.write(piece)) return CodeProblem::Disk;
    }
    if (step == ZipReader::Step::Broken) return CodeProblem::NotAZip;
    if (!sink.end()) return CodeProblem::Disk;
  }
  if (step == ZipReader::Step::Broken) return CodeProblem::NotAZip;
  return total;
}

}  // namespace

UnzippedSize check_zip(std::string_view zip, const CodeLimits& limits) {
  const auto plan = plan_zip(zip, limits);
  if (!plan) return plan.error();
  NoSink nowhere;
  return read_content(zip, limits, nowhere);
}

std::uint64_t declared_size(std::string_view zip) {
  std::uint64_t total = 0;
  ZipReader reader(zip);
  ZipEntry entry;
  while (reader.next(entry) == ZipReader::Step::Ready) total += entry.declared_size.value_or(0);
  return total;
}

UnzippedSize unpack_zip(std::string_view zip, const std::filesystem::path& folder, const CodeLimits& limits) {
  const auto plan = plan_zip(zip, limits);
  if (!plan) return plan.error();
  FolderSink sink(folder);
  if (!sink.make_folders(*plan)) return CodeProblem::Disk;
  auto size = read_content(zip, limits, sink);
  if (size && !sink.make_links(*plan)) return CodeProblem::Disk;
  return size;
}

}  // namespace aviary::host
