#include "ports/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <list>
#include <vector>

#include "base/log.hpp"
#include "ports/one_shot.hpp"

namespace aviary {

struct TaskGroup::State {
  explicit State(boost::asio::any_io_executor e) : executor(std::move(e)) {}
  boost::asio::any_io_executor executor;
  std::list<boost::asio::cancellation_signal> running;
  std::vector<OneShot<bool>> joiners;
  bool cancelled = false;

  void finished(std::list<boost::asio::cancellation_signal>::iterator task) {
    running.erase(task);
    if (!running.empty()) return;
    for (const auto& joiner : joiners) joiner.set(true);
    joiners.clear();
  }
};

namespace {

void report_escape(const std::string& name, const std::exception_ptr& escaped) {
  try {
    std::rethrow_exception(escaped);
  } catch (const boost::system::system_error& error) {
    if (error.code() != boost::asio::error::operation_aborted)
      log::error("background task {} ended: {}", name, error.what());
  } catch (const std::exception& error) {
    log::error("background task {} ended: {}", name, error.what());
  } catch (...) {
    log::error("background task {} ended for an unknown reason", name);
  }
}

}  // namespace

TaskGroup::TaskGroup(boost::asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() { assert(state_->running.empty() && "a task group is joined before it goes"); }

void TaskGroup::spawn(std::string name, Task<> task) {
  if (state_->cancelled) return;
  state_->running.emplace_front();
  const auto position = state_->running.begin();
  boost::asio::co_spawn(
      state_->executor, std::move(task),
      boost::asio::bind_cancellation_slot(
          position->slot(), [state = state_, position, name = std::move(name)](std::exception_ptr escaped) {
            if (escaped) report_escape(name, escaped);
            // Asio may still have a cancellation of this task under way.
            boost::asio::post(state->executor, [state, position] { state->finished(position); });
          }));
}

void TaskGroup::cancel() {
  state_->cancelled = true;
  // A task may finish, and leave the list, while the next one is being told.
  std::vector<boost::asio::cancellation_signal*> signals;
  for (auto& signal : state_->running) signals.push_back(&signal);
  for (auto* signal : signals) {
    bool present = false;
    for (auto& still : state_->running) present = present || &still == signal;
    if (present) signal->emit(boost::asio::cancellation_type::terminal);
  }
}

Task<> TaskGroup::join() {
  auto state = state_;
  if (state->running.empty()) co_return;
  OneShot<bool> done;
  state->joiners.push_back(done);
  co_await done.wait();
}

std::size_t TaskGroup::size() const noexcept { return state_->running.size(); }

}  // namespace aviary
