#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/clock.hpp"
#include "ports/task_group.hpp"
#include "services/logs/core/ingestion.hpp"
#include "services/logs/core/subscription_target.hpp"

namespace aviary::logs {

/// Sends what subscription filters matched, soon and in order: events of one stream that came in one turn of
/// the loop go in one message. Each destination has a queue of its own, so that none waits for another. What
/// is not taken is offered again after one, two, four … seconds of emulated time, five times in all. Memory
/// is bounded: what does not fit is dropped and counted.
///
/// Lives on the loop's thread; `clear` forgets what waits, `stop` waits for what is under way.
class SubscriptionDelivery final : public Subscribers {
 public:
  /// `target` may be null: then nothing is ever sent.
  SubscriptionDelivery(Clock& clock, boost::asio::any_io_executor executor, SubscriptionTarget* target);

  void add(const LogGroup& group, const SubscriptionFilter& filter, std::string_view stream,
           SubscribedEvent event) override;
  void clear();
  Task<> stop();
  /// Events that were given up: for want of room, or because nobody took them.
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  struct Batch {
    Scope scope;
    std::string group;
    std::string stream;
    std::string filter;
    bool of_account = false;  ///< of the filter
    bool spread = false;      ///< `Random`: over all shards of a stream, whatever log stream it is of
    std::string destination;
    std::vector<SubscribedEvent> events;
    std::size_t bytes = 0;
  };

  using Queue = std::deque<Batch>;  ///< there as long as a task works on it

  Task<> drain(std::string destination);
  Task<bool> offer(Batch batch);

  Clock& clock_;
  SubscriptionTarget* target_;
  TaskGroup tasks_;
  std::map<std::string, Queue, std::less<>> waiting_;  ///< by destination
  std::size_t waiting_bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace aviary::logs
