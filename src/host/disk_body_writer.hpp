#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "ports/body_store.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

/// Fills one file of the body store, one job of a worker at a time. On the loop's thread; jobs own what they
/// touch, so that it may go while one is under way.
class DiskBodyWriter final : public BodyWriter {
 public:
  DiskBodyWriter(WorkerPool& workers, std::shared_ptr<StoredBody> body, std::filesystem::path path,
                 bool durable, BodyStore::Watch watch);
  ~DiskBodyWriter() override;

  Task<bool> append(std::string piece) override;
  Task<BodyHandle> finish(std::string last) override;
  Task<> settle() override;

 private:
  struct File;
  void start(std::string piece, bool last);

  WorkerPool& workers_;
  std::shared_ptr<StoredBody> body_;
  std::shared_ptr<File> file_;
  std::optional<OneShot<bool>> under_way_;
};

}  // namespace aviary::host
