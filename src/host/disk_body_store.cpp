#include "host/disk_body_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <vector>

#include "base/log.hpp"
#include "host/disk_body_writer.hpp"
#include "host/file_io.hpp"

namespace aviary::host {
namespace {

namespace fs = std::filesystem;

fs::path body_file(const fs::path& folder, const std::string& id) { return folder / id.substr(0, 2) / id; }

/// For a worker.
std::optional<std::string> read_body(const fs::path& file, std::uint64_t offset, std::uint64_t length) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) return std::nullopt;
  std::string bytes(length, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::pread(descriptor.get(), bytes.data() + done, bytes.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace

struct DiskBodyStore::State {
  /// An object and its copy hold one body.
  std::map<std::string, std::weak_ptr<const StoredBody>, std::less<>> held;
  std::vector<std::string> dropped;
};

DiskBodyStore::DiskBodyStore(WorkerPool& workers, Random& names, fs::path folder, bool durable)
    : workers_(workers),
      names_(names),
      folder_(std::move(folder)),
      durable_(durable),
      state_(std::make_shared<State>()) {}

DiskBodyStore::~DiskBodyStore() = default;

std::shared_ptr<StoredBody> DiskBodyStore::handle(std::string id, std::uint64_t size) {
  const std::weak_ptr<State> state = state_;
  std::shared_ptr<StoredBody> body(new StoredBody{std::move(id), size}, [state](const StoredBody* last) {
    if (const auto alive = state.lock()) {
      alive->held.erase(last->id);
      alive->dropped.push_back(last->id);
    }
    delete last;
  });
  state_->held[body->id] = body;
  return body;
}

std::unique_ptr<BodyWriter> DiskBodyStore::begin(Watch watch) {
  std::string id = names_.hex(32);
  const fs::path file = body_file(folder_, id);
  // Held before it is there, so that a sweep does not take it.
  return std::make_unique<DiskBodyWriter>(workers_, handle(std::move(id), 0), file, durable_,
                                          std::move(watch));
}

Task<std::optional<std::string>> DiskBodyStore::read(BodyHandle body, std::uint64_t offset,
                                                     std::uint64_t length) {
  auto work = [file = body_file(folder_, body->id), offset, length] {
    return read_body(file, offset, length);
  };
  std::optional<std::string> bytes = co_await workers_.run(std::move(work));
  co_return bytes;
}

BodyHandle DiskBodyStore::open(std::string_view id) {
  std::string name(id);
  if (const auto held = state_->held.find(id); held != state_->held.end()) return held->second.lock();
  std::error_code problem;
  const std::uintmax_t size = fs::file_size(body_file(folder_, name), problem);
  if (problem) return nullptr;
  return handle(std::move(name), size);
}

Task<> DiskBodyStore::collect() {
  auto work = [folder = folder_, dropped = std::exchange(state_->dropped, {})] {
    for (const std::string& id : dropped) {
      std::error_code ignored;
      fs::remove(body_file(folder, id), ignored);
    }
    return true;
  };
  co_await workers_.run(std::move(work));
}

bool DiskBodyStore::has_dropped() const { return !state_->dropped.empty(); }

void DiskBodyStore::sweep() {
  std::error_code problem;
  for (fs::recursive_directory_iterator entry(folder_, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    std::string name = entry->path().filename().native();
    // Earlier releases gave a file that was being written another name.
    if (!name.starts_with('.') && !state_->held.contains(name)) state_->dropped.push_back(std::move(name));
  }
}

}  // namespace aviary::host
