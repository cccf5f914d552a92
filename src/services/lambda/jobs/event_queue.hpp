#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/records.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/dispatcher.hpp"
#include "services/lambda/core/event_observer.hpp"
#include "services/lambda/core/event_record.hpp"
#include "services/lambda/core/event_settings.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "services/lambda/core/messenger.hpp"

namespace aviary::lambda {

/// Runs accepted events: at once, again one minute after a first failure of the function and two minutes
/// after a second one, as often as the function's settings allow; while the function is throttled, again and
/// again with growing waits, until the event is too old. What runs, and by which settings, is decided anew
/// for each attempt, so that an event that waited meets the code of now. How an event ended is told to the
/// destinations and the dead-letter queue that are set by then.
///
/// Lives on the loop's thread. Waiting events are timers of the Clock, running ones tasks of the group;
/// `clear` ends the first, `stop` waits for the second. With a durable journal accepted events survive a
/// restart, until the messages about their end have arrived; one that was running then runs again, as AWS
/// promises no more than "at least once".
class EventQueue {
 public:
  EventQueue(Clock& clock, boost::asio::any_io_executor executor, Journal& journal, FunctionStore& store,
             Dispatcher& dispatcher, FunctionRunner& runner, Messenger& messenger, Random& ids);

  void accept(Event event);
  /// Takes up what an earlier run had accepted.
  void restore();
  /// Forgets every event; a running attempt ends without effect.
  void clear();
  /// Forgets the events of a function that is gone. Answers how many there were.
  std::size_t forget(const Scope& scope, std::string_view function_name);
  /// No attempt starts any more; completes when none runs.
  Task<> stop();
  std::size_t size() const noexcept { return events_.size(); }
  /// Attempts that are under way.
  std::size_t running() const noexcept { return attempts_.size() - awaited_executions_; }

  /// Observers outlive the queue, or are removed before they go.
  void add_observer(EventObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(EventObserver& observer) { std::erase(observers_, &observer); }

 private:
  struct Waiting {
    Event event;
    TimerId timer = 0;
    int messages = 0;  ///< about its end, on their way
  };

  Task<> attempt(std::uint64_t id);
  void start(std::uint64_t id);
  void judge(std::uint64_t id, Waiting& waiting, const EventSettings& settings,
             const Result<Outcome>& outcome, LastAttempt last);
  void retry(std::uint64_t id, Waiting& waiting, Duration delay);
  void conclude(std::uint64_t id, Waiting& waiting, const EventSettings& settings, std::string_view condition,
                const LastAttempt& last);
  void send(std::uint64_t id, OutgoingMessage message, EventHappening on_problem);
  void finish(std::uint64_t id);
  void save(std::uint64_t id, const Event& event);
  void notify(EventHappening happening, const Event& event) const;

  Clock& clock_;
  TaskGroup attempts_;
  Journal& journal_;
  Records<Json> records_;
  FunctionStore& store_;
  Dispatcher& dispatcher_;
  FunctionRunner& runner_;
  Messenger& messenger_;
  Random& ids_;
  std::vector<EventObserver*> observers_;
  std::map<std::uint64_t, Waiting> events_;
  std::uint64_t next_id_ = 1;
  std::size_t awaited_executions_ = 0;  ///< attempts that only wait for a durable execution
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  ///< what answers of the messenger ask for
};

}  // namespace aviary::lambda
