#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "http/client.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "ports/task_group.hpp"

namespace aviary::engine {

struct EngineOptions {
  std::string engine = "auto";   ///< auto | docker | podman | none | the path of a socket
  std::string network = "host";  ///< of its containers: the Runtime API is reached from there
  bool pull = false;             ///< fetches images that are not there
};

/// Where an engine may listen, first those that come first. Pure: `variable` reads the environment.
std::vector<std::string> engine_sockets(std::string_view engine,
                                        const std::function<std::string(const char*)>& variable);
/// The first of them that is there; empty if none is.
std::string find_engine_socket(std::string_view engine);

/// What to do where there is no engine, in one sentence.
std::string no_engine_advice(std::string_view engine, std::string_view image);

/// What an engine said; `status` 0: it could not be reached, and `text` says why.
struct EngineAnswer {
  unsigned status = 0;
  Json body{};
  std::string text{};  ///< its message, or the whole of what is no document
};

/// A container engine's API, Docker's or Podman's, over its socket. On the loop's thread. Shared by what runs
/// in it; `close` ends everything that waits for it.
class Engine {
 public:
  Engine(boost::asio::any_io_executor executor, Stopwatch& stopwatch, EngineOptions options,
         std::string identity);

  const EngineOptions& options() const noexcept { return options_; }
  boost::asio::any_io_executor executor() const { return executor_; }
  Stopwatch& stopwatch() noexcept { return stopwatch_; }
  /// Of its containers, so that they are found again: which server made them.
  Json labels() const;
  /// Empty when there is none (now: it may be started later).
  std::string socket() const { return find_engine_socket(options_.engine); }

  static constexpr std::chrono::milliseconds usual_limit{30'000};
  /// `limit` zero: as long as it takes.
  Task<EngineAnswer> call(std::string method, std::string target, Json body = nullptr,
                          std::chrono::milliseconds limit = usual_limit);
  Task<> follow(std::string target, std::function<void(std::string_view)> piece);
  /// Removes a container with its volumes, whatever state it is in. In the background.
  void remove(std::string container);
  void spawn(std::string name, Task<> task) { watching_.spawn(std::move(name), std::move(task)); }
  /// What is seen through also while the engine is closed: clearing away.
  void spawn_removal(std::string name, Task<> task) { removing_.spawn(std::move(name), std::move(task)); }
  /// Until the engine has refused to (Podman without rights does on some machines).
  bool pauses() const noexcept { return pauses_; }
  void stop_pausing() noexcept { pauses_ = false; }

  /// Containers that killed servers of this machine left behind.
  Task<> remove_leftovers(std::function<bool(std::string_view)> gone);
  /// Waits until what was removed is gone, for a bounded time.
  Task<> close();

 private:
  Task<> removed(std::string container);

  boost::asio::any_io_executor executor_;
  Stopwatch& stopwatch_;
  EngineOptions options_;
  std::string identity_;
  bool pauses_ = true;
  TaskGroup watching_;
  TaskGroup removing_;
};

}  // namespace aviary::engine
