#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <stdexcept>

#include "ports/task.hpp"

namespace aviary::testing {

/// Runs a task, and everything else that is ready on the loop, until nothing is left to do.
template <class T>
T run_task(boost::asio::io_context& loop, Task<T> task) {
  std::optional<T> result;
  std::exception_ptr escaped;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr problem, T value) {
    escaped = problem;
    if (!problem) result.emplace(std::move(value));
  });
  loop.restart();
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
  if (!result) throw std::logic_error("the task waits for something that never comes");
  return std::move(*result);
}

inline void run_task(boost::asio::io_context& loop, Task<> task) {
  bool done = false;
  std::exception_ptr escaped;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr problem) {
    escaped = problem;
    done = true;
  });
  loop.restart();
  loop.run();
  if (escaped) std::rethrow_exception(escaped);
  if (!done) throw std::logic_error("the task waits for something that never comes");
}

}  // namespace aviary::testing
