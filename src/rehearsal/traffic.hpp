#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ports/clock.hpp"
#include "ports/records.hpp"
#include "ports/task_group.hpp"
#include "rehearsal/invoker.hpp"
#include "rehearsal/traffic_plan.hpp"

namespace aviary::rehearsal {

/// Streams of invokes at a rate of emulated time, so that a canary has something to measure. The n-th invoke
/// of a stream is due n spacings after its start, whatever the ones before took. While the clock is driven
/// each is answered before time goes on: ten minutes of traffic happen in the order and at the moments they
/// would.
///
/// Lives on the loop's thread. Streams last with the journal; what was due while the server was down is left
/// out. `stop` must have completed before it is destroyed.
class Traffic {
 public:
  struct Surroundings {
    boost::asio::any_io_executor executor;
    Clock& clock;
    Journal& journal;
    Invoke invoke;
    HoldClock hold;
  };
  explicit Traffic(Surroundings around);

  /// The answer is the new stream, as `describe` has it.
  Checked<Json> start(const Json& document, const lambda::Scope& caller, const RecordedEvents& recorded);
  /// Ends the stream and forgets it; what it came to. Null if there is no such stream.
  Json remove(std::string_view id);
  /// `[{"id", "function", …, "state": "running" | "ended", "sent", "in_flight", "answered", "errors",
  ///    "throttled", "refused", "left_out", "versions": {"6": {"invokes", "errors"}}}]`
  Json describe() const;
  void clear();
  void restore();
  Task<> stop();

 private:
  struct Tally {
    std::uint64_t invokes = 0;
    std::uint64_t errors = 0;
  };
  struct Stream {
    TrafficPlan plan;
    std::uint64_t order = 0;
    Instant began;
    std::uint64_t due = 0;  ///< how many have fallen due
    std::uint64_t sent = 0;
    std::uint64_t left_out = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t answered = 0;
    std::uint64_t errors = 0;
    std::uint64_t throttled = 0;
    std::uint64_t refused = 0;
    std::string problem{};  ///< the last refusal
    std::map<std::string, Tally> versions{};
    TimerId timer = 0;

    bool ended() const { return due >= plan.count; }
  };
  static Json describe(const Stream& stream);
  Stream* find(std::uint64_t order);
  void forget_ended();
  void schedule(Stream& stream);
  void tick(std::uint64_t order);
  Task<> run_one(std::uint64_t order, lambda::Scope caller, std::string function, std::string payload,
                 std::shared_ptr<void> hold);
  void save(const Stream& stream);

  Surroundings around_;
  Records<Json> records_;
  TaskGroup tasks_;
  std::vector<std::unique_ptr<Stream>> streams_;  ///< in the order they were started
  std::uint64_t last_order_ = 0;
};

}  // namespace aviary::rehearsal
