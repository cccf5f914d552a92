#pragma once

#include <filesystem>
#include <memory>

#include "ports/body_store.hpp"
#include "ports/random.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

/// Bodies as files named by chance: `<first two digits>/<32 hex digits>`. A file that is not whole yet has
/// its name already: records only name whole ones, and what none names is swept. Owned by the composition
/// root; called on the loop's thread, with all reading and writing done by the workers. Must outlive the
/// coroutines that it returned, but not the handles.
class DiskBodyStore final : public BodyStore {
 public:
  DiskBodyStore(WorkerPool& workers, Random& names, std::filesystem::path folder, bool durable);
  ~DiskBodyStore() override;

  std::unique_ptr<BodyWriter> begin(Watch watch) override;
  Task<std::optional<std::string>> read(BodyHandle body, std::uint64_t offset, std::uint64_t length) override;
  BodyHandle open(std::string_view id) override;
  Task<> collect() override;
  bool has_dropped() const override;
  void sweep() override;

 private:
  struct State;
  std::shared_ptr<StoredBody> handle(std::string id, std::uint64_t size);

  WorkerPool& workers_;
  Random& names_;
  std::filesystem::path folder_;
  bool durable_;
  std::shared_ptr<State> state_;
};

}  // namespace aviary::host
