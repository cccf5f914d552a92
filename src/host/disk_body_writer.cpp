#include "host/disk_body_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.hpp"
#include "host/file_io.hpp"

namespace aviary::host {

/// The worker's side. The loop looks at it only while no job is under way.
struct DiskBodyWriter::File {
  std::filesystem::path path;
  bool durable;
  BodyStore::Watch watch;
  Descriptor opened{};
  std::error_code problem{};

  void open() {
    problem = make_folder(path.parent_path(), std::filesystem::perms::owner_all);
    if (problem) return;
    opened = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!opened) problem = {errno, std::generic_category()};
  }
  void append(std::string_view piece) {
    if (problem) return;
    if (watch && !piece.empty()) watch(piece);
    if (!opened) open();
    if (!problem) problem = write_all(opened.get(), piece);
  }
  void finish() {
    if (!problem && durable && ::fsync(opened.get()) != 0) problem = {errno, std::generic_category()};
    opened.reset();
    if (!problem && durable) problem = sync_folder(path.parent_path());
  }
};

DiskBodyWriter::DiskBodyWriter(WorkerPool& workers, std::shared_ptr<StoredBody> body,
                               std::filesystem::path path, bool durable, BodyStore::Watch watch)
    : workers_(workers),
      body_(std::move(body)),
      file_(new File{.path = std::move(path), .durable = durable, .watch = std::move(watch)}) {}

DiskBodyWriter::~DiskBodyWriter() = default;

void DiskBodyWriter::start(std::string piece, bool last) {
  body_->size += piece.size();
  auto work = [file = file_, piece = std::move(piece), last] {
    file->append(piece);
    if (last) file->finish();
  };
  under_way_.emplace();
  // Held by the loop's side until the job is done: what is dropped before might be made once more by it.
  workers_.submit(std::move(work), [finished = *under_way_, body = body_] { finished.set(true); });
}

Task<> DiskBodyWriter::settle() {
  if (!under_way_) co_return;
  const OneShot<bool> finished = *under_way_;
  under_way_.reset();
  auto waiting = finished.wait_regardless();
  co_await std::move(waiting);
}

Task<bool> DiskBodyWriter::append(std::string piece) {
  auto settling = settle();
  co_await std::move(settling);
  const bool good = !file_->problem;
  if (good) start(std::move(piece), false);
  co_return good;
}

Task<BodyHandle> DiskBodyWriter::finish(std::string last) {
  auto settling = settle();
  co_await std::move(settling);
  start(std::move(last), true);
  auto finishing = settle();
  co_await std::move(finishing);
  BodyHandle whole;
  if (file_->problem) {
    log::error("an object could not be written to {}: {}", file_->path.parent_path().native(),
               file_->problem.message());
  } else {
    whole = body_;
  }
  file_->watch = nullptr;
  co_return whole;
}

}  // namespace aviary::host
