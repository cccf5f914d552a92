#include "host/folder_zip.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "host/file_io.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

struct ArchiveWriter {
  explicit ArchiveWriter(std::string& to) : archive(archive_write_new()) {
    archive_write_set_format_zip(archive);
    archive_write_zip_set_compression_store(archive);
    archive_write_set_bytes_in_last_block(archive, 1);
    archive_write_open(archive, &to, nullptr, &ArchiveWriter::append, nullptr);
  }
  ~ArchiveWriter() { archive_write_free(archive); }
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  static la_ssize_t append(struct archive*, void* to, const void* bytes, size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
  }

  struct archive* archive;
};

struct EntryDeleter {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

bool put_entry(ArchiveWriter& zip, const fs::path& path, const std::string& name) {
  struct stat status;
  if (::lstat(path.c_str(), &status) != 0) return false;
  const std::unique_ptr<archive_entry, EntryDeleter> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_mode(entry.get(), status.st_mode);
  archive_entry_set_mtime(entry.get(), 315532800, 0);  // 1980: a zip knows nothing earlier
  if (S_ISLNK(status.st_mode)) {
    std::error_code problem;
    archive_entry_set_symlink(entry.get(), fs::read_symlink(path, problem).c_str());
    return !problem && archive_write_header(zip.archive, entry.get()) == ARCHIVE_OK;
  }
  if (S_ISDIR(status.st_mode)) return archive_write_header(zip.archive, entry.get()) == ARCHIVE_OK;
  std::string content;
  if (status.st_size > 0) {
    const MappedFile file(path);
    if (!file) return false;
    content = file.bytes();
  }
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  return archive_write_header(zip.archive, entry.get()) == ARCHIVE_OK &&
         archive_write_data(zip.archive, content.data(), content.size()) ==
             static_cast<la_ssize_t>(content.size());
}

}  // namespace

std::string zip_folder(const fs::path& folder, const CodeLimits& limits, std::string& problem) {
  std::vector<fs::path> paths;
  std::uint64_t total = 0;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code ignored;
    const fs::file_status status = entry->symlink_status(ignored);
    // Sockets and devices are nothing that code consists of.
    if (!fs::is_regular_file(status) && !fs::is_directory(status) && !fs::is_symlink(status)) continue;
    if (fs::is_regular_file(status)) total += entry->file_size(ignored);
    paths.push_back(entry->path());
    if (total <= limits.unzipped_bytes && paths.size() <= limits.entries) continue;
    problem = fmt::format("{} holds more than {} bytes.", folder.native(), limits.unzipped_bytes);
    return {};
  }
  if (failure) {
    problem = fmt::format("{} cannot be read: {}.", folder.native(), failure.message());
    return {};
  }
  std::sort(paths.begin(), paths.end());
  std::string bytes;
  ArchiveWriter zip(bytes);
  for (const fs::path& path : paths) {
    if (put_entry(zip, path, path.lexically_relative(folder).native())) continue;
    problem = fmt::format("{} cannot be read.", path.native());
    return {};
  }
  if (archive_write_close(zip.archive) != ARCHIVE_OK)
    problem = fmt::format("{} cannot be packed.", folder.native());
  return bytes;
}

}  // namespace aviary::host
