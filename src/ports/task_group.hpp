#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "ports/task.hpp"

namespace aviary {

/// Owner of background coroutines: the only place that starts one without awaiting it. Whoever owns the group
/// waits for it, so that nothing outlives what it works on. An exception that escapes a task is logged with
/// the task's name and ends that task alone.
class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  /// The group must be empty by now (`join` has completed); an assertion in debug builds.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` on the group's executor. Refused (the task never starts) once `cancel` was called.
  void spawn(std::string name, Task<> task);
  /// Asks every running task to stop at its next suspension, and refuses new ones.
  void cancel();
  /// Completes when no task is left.
  Task<> join();
  std::size_t size() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace aviary
