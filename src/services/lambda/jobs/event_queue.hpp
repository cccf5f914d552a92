#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "ports/clock.hpp"
#include "ports/records.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/dispatcher.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::lambda {

/// An asynchronous invocation that was accepted (202) and has not come to its end.
struct Event {
  std::string request_id;  ///< the same on every attempt
  Scope scope;
  std::string function_name;
  std::string qualifier;
  std::string payload;
  std::string trace_id;
  Instant accepted;
  std::uint32_t failures = 0;   ///< attempts that the function failed
  std::uint32_t throttles = 0;  ///< attempts that never reached the function
};

/// Runs accepted events: at once, again one minute after a first failure of the function and two minutes
/// after a second one; while the function is throttled, again and again with growing waits, until the event
/// is six hours old. What runs is decided anew for each attempt, so that an event that waited meets the code
/// of now.
///
/// Lives on the loop's thread. Waiting events are timers of the Clock, running ones tasks of the group;
/// `clear` ends the first, `stop` waits for the second. With a durable journal accepted events survive a
/// restart; one that was running then runs again, as AWS promises no more than "at least once".
class EventQueue {
 public:
  EventQueue(Clock& clock, boost::asio::any_io_executor executor, Journal& journal, Dispatcher& dispatcher,
             FunctionRunner& runner, Random& ids);

  void accept(Event event);
  /// Takes up what an earlier run had accepted.
  void restore();
  /// Forgets every event; a running attempt ends without effect.
  void clear();
  /// No attempt starts any more; completes when none runs.
  Task<> stop();
  std::size_t size() const noexcept { return events_.size(); }

 private:
  struct Waiting {
    Event event;
    TimerId timer = 0;
  };

  Task<> attempt(std::uint64_t id);
  void start(std::uint64_t id);
  void retry(std::uint64_t id, Waiting& waiting, Duration delay);
  void finish(std::uint64_t id);
  void save(std::uint64_t id, const Event& event);

  Clock& clock_;
  TaskGroup attempts_;
  Journal& journal_;
  Records<Json> records_;
  Dispatcher& dispatcher_;
  FunctionRunner& runner_;
  Random& ids_;
  std::map<std::uint64_t, Waiting> events_;
  std::uint64_t next_id_ = 1;
};

}  // namespace aviary::lambda
