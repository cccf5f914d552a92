#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "ports/one_shot.hpp"
#include "ports/task.hpp"

namespace aviary {

/// Runs blocking work (unzip, digest, disk) away from the loop and brings the result back to it as a message.
class WorkerPool {
 public:
  virtual ~WorkerPool() = default;
  /// Runs `work` on some worker, then `done` on the loop. `work` must own everything that it touches and must
  /// not throw.
  virtual void submit(std::function<void()> work, std::function<void()> done) = 0;

  /// Not cancelled: `work` may refer to what the caller's frame holds. `auto digest = co_await
  /// pool.run(work);` where `work` is a named callable that owns what it needs.
  template <class Work>
  Task<std::invoke_result_t<Work&>> run(Work work) {
    using T = std::invoke_result_t<Work&>;
    auto result = std::make_shared<std::optional<T>>();
    auto job = std::make_shared<Work>(std::move(work));
    OneShot<bool> finished;
    submit([job, result] { result->emplace((*job)()); }, [finished] { finished.set(true); });
    co_await finished.wait_regardless();
    T value = std::move(**result);
    co_return value;
  }
};

}  // namespace aviary
