#include "host/file_io.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace aviary::host {
namespace {

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

std::error_code write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::error_code sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened && ::fsync(opened.get()) == 0 ? std::error_code{} : last_error();
}

void Descriptor::reset() noexcept {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  size_ = static_cast<std::size_t>(facts.st_size);
  good_ = true;
  if (size_ == 0) return;
  start_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start_ != MAP_FAILED) return;
  start_ = nullptr;
  size_ = 0;
  good_ = false;
}

MappedFile::~MappedFile() {
  if (start_ != nullptr) ::munmap(start_, size_);
}

std::error_code write_whole(const std::filesystem::path& path, std::string_view bytes, bool durable) {
  const auto beside = path.parent_path() / ("." + path.filename().native() + ".new");
  Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return last_error();
  std::error_code problem = write_all(file.get(), bytes);
  if (!problem && durable && ::fsync(file.get()) != 0) problem = last_error();
  file.reset();
  if (!problem && ::rename(beside.c_str(), path.c_str()) != 0) problem = last_error();
  if (problem) {
    ::unlink(beside.c_str());
    return problem;
  }
  return durable ? sync_folder(path.parent_path()) : problem;
}

std::error_code make_folder(const std::filesystem::path& path, std::filesystem::perms mode) {
  std::error_code problem;
  if (!std::filesystem::create_directories(path, problem)) return problem;  // there already, or a problem
  std::filesystem::permissions(path, mode, problem);
  return problem;
}

}  // namespace aviary::host
