#pragma once

#include <filesystem>
#include <memory>

#include "ports/code_store.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

/// Where a `DiskCodeStore` keeps what.
struct CodePlaces {
  std::filesystem::path packages;  ///< `<first two hex digits>/<hex digest>.zip`
  std::filesystem::path unpacked;  ///< `<hex digest>/`; expected to be empty at start
  bool durable;                    ///< whether `store` waits for the disk
};

/// Code packages as files named by their digest. Owned by the composition root; called on the loop's thread,
/// with all reading, checking and writing done by the workers. What is done to one package is done by one at
/// a time: whoever comes while it is stored, unpacked or removed waits, and then finds it done. Must outlive
/// the coroutines it returned.
class DiskCodeStore final : public CodeStore {
 public:
  DiskCodeStore(WorkerPool& workers, CodePlaces places, CodeLimits limits = {});
  ~DiskCodeStore() override;
  DiskCodeStore(const DiskCodeStore&) = delete;
  DiskCodeStore& operator=(const DiskCodeStore&) = delete;

  Task<Result<CodeHandle>> store(std::string zip) override;
  /// Written down as it comes, and checked where it lies.
  Task<Result<CodeHandle>> take(std::shared_ptr<BodySource> zip) override;
  /// Reads the package's directory (not its content), blocking: for the start. Nothing while the package is
  /// being removed.
  CodeHandle open(std::string_view digest) override;
  Task<Result<std::filesystem::path>> unpacked(CodeHandle code) override;
  Task<Result<std::string>> bytes(CodeHandle code) override;
  Task<> collect() override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aviary::host
