#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "host/image_layout.hpp"
#include "ports/images.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

struct ImageStoreOptions {
  std::vector<std::filesystem::path> roots{};  ///< layouts lie below these
  std::filesystem::path kept{};                ///< `blobs/<hex digest>`, `manifests/<hex digest>`
  std::filesystem::path unpacked{};            ///< `image-<hex digest>/`; expected to be empty at start
  bool durable = false;                        ///< whether `take` waits for the disk
  ImageLimits limits{};
};

/// Images as blobs named by their digests, shared between images. Owned by the composition root; called on
/// the loop's thread, with all work on disk done by the workers, one thing after the other. Must outlive the
/// coroutines it returned.
class DiskImageStore final : public ImageStore {
 public:
  DiskImageStore(WorkerPool& workers, ImageStoreOptions options);
  ~DiskImageStore() override;
  DiskImageStore(const DiskImageStore&) = delete;
  DiskImageStore& operator=(const DiskImageStore&) = delete;

  Task<Result<CodeHandle>> take(std::string image_uri, std::string architecture) override;
  CodeHandle open(std::string_view digest) override;
  Task<Result<UnpackedImage>> unpacked(CodeHandle image) override;
  Task<> collect() override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aviary::host
