#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <memory>

#include "ports/worker_pool.hpp"

namespace aviary::host {

/// A few threads for blocking work. Owned by the composition root; `submit` is called on the loop's thread.
///
/// No thread exists before the first `submit`, and a further one starts only when work waits while all that
/// exist are busy: a server that never unzips anything never pays for a stack. Jobs start in the order they
/// were submitted. While a job is under way the loop counts as having work, so `run()` does not return
/// underneath it.
class WorkerThreads final : public WorkerPool {
 public:
  explicit WorkerThreads(boost::asio::any_io_executor loop, std::size_t most_threads = 2);
  /// Finishes every job that was submitted, then joins. What the jobs post to the loop runs only if the loop
  /// still does; the loop (its execution context) must still exist.
  ~WorkerThreads() override;
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  void submit(std::function<void()> work, std::function<void()> done) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aviary::host
