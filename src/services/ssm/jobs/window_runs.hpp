#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/ssm/core/collection.hpp"
#include "services/ssm/core/maintenance.hpp"

namespace aviary::ssm {

/// Opens maintenance windows when their time has come, and runs their tasks. What is for instances runs
/// nowhere, there being none; functions are invoked. One timer, at the earliest opening; one task a window.
/// Owned by the service; everything else outlives it.
class WindowRuns {
 public:
  struct Dependencies {
    Collection& windows;
    Collection& tasks;       ///< of all windows
    Collection& executions;  ///< `{WindowExecutionId, WindowId, Status, …, Tasks: [{…, Invocations}]}`
    TaskFunctions& functions;
    Clock& clock;
    Random& ids;
    boost::asio::any_io_executor executor;
  };
  explicit WindowRuns(Dependencies dependencies);
  ~WindowRuns();
  WindowRuns(const WindowRuns&) = delete;
  WindowRuns& operator=(const WindowRuns&) = delete;

  /// Sets the timer anew if what opens first has changed.
  void arm();
  /// Ends what a server that is no more has left under way.
  void restore();
  Task<> stop();

 private:
  using Key = std::pair<Scope, std::string>;

  void open_due();
  Task<> run(Scope scope, std::string window, std::string execution);
  Task<> run_task(Scope scope, std::string execution, std::size_t index);
  /// The execution's task; null if the window is gone.
  Json* task_in(const Scope& scope, const std::string& execution, std::size_t index);
  void forget_oldest(const Scope& scope, const std::string& window);

  Dependencies d_;
  TimerId timer_ = 0;
  std::optional<Instant> armed_for_;
  std::map<Key, Instant> opened_;  ///< when each has opened last
  bool stopped_ = false;
  TaskGroup running_;
};

}  // namespace aviary::ssm
