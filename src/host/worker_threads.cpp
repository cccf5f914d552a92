#include "host/worker_threads.hpp"

#include <pthread.h>

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace aviary::host {
namespace {

struct Job {
  std::function<void()> work;
  std::function<void()> done;
  boost::asio::any_io_executor loop;  ///< keeps the loop running until `done` has been posted
};

/// Whatever escapes breaks the contract of `submit`; there is no one to tell, so the process ends here
/// (noexcept) rather than leave a coroutine waiting for ever.
void perform(Job job) noexcept {
  job.work();
  // What the work owns goes on this thread, before the loop is told: the waiter may then destroy what it
  // refers to.
  job.work = nullptr;
  boost::asio::post(job.loop, std::move(job.done));
}

}  // namespace

struct WorkerThreads::State {
  explicit State(boost::asio::any_io_executor executor, std::size_t most)
      : loop(boost::asio::prefer(std::move(executor), boost::asio::execution::outstanding_work.untracked)),
        most_threads(most) {}

  const boost::asio::any_io_executor loop;
  const std::size_t most_threads;
  std::vector<std::thread> threads;  ///< touched by the loop's thread only

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> waiting;
  std::size_t idle = 0;
  bool stopping = false;

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      wake.wait(lock, [this] { return stopping || !waiting.empty(); });
      --idle;
      if (waiting.empty()) return;
      Job job = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      perform(std::move(job));
      lock.lock();
    }
  }
};

WorkerThreads::WorkerThreads(boost::asio::any_io_executor loop, std::size_t most_threads)
    : state_(std::make_unique<State>(std::move(loop), most_threads)) {}

WorkerThreads::~WorkerThreads() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void WorkerThreads::submit(std::function<void()> work, std::function<void()> done) {
  bool starved = false;
  {
    const std::lock_guard lock(state_->mutex);
    state_->waiting.push_back(
        {std::move(work), std::move(done),
         boost::asio::prefer(state_->loop, boost::asio::execution::outstanding_work.tracked)});
    starved = state_->idle < state_->waiting.size();
  }
  if (starved && state_->threads.size() < state_->most_threads) {
    auto& thread = state_->threads.emplace_back([state = state_.get()] { state->serve(); });
    pthread_setname_np(thread.native_handle(), "aviary-worker");
  } else {
    state_->wake.notify_one();
  }
}

}  // namespace aviary::host
