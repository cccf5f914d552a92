#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "execution/runtime_endpoints.hpp"
#include "execution/telemetry_subscription.hpp"
#include "ports/clock.hpp"
#include "ports/one_shot.hpp"
#include "ports/task_group.hpp"

namespace aviary::execution {

/// What happens in one environment, for those of its extensions that subscribed: kept until a batch is full
/// or old enough, then sent to where they listen. One batch at a time, in order.
///
/// Lives on the loop. What is being sent holds it; `close` ends that.
class Telemetry final : public std::enable_shared_from_this<Telemetry> {
 public:
  Telemetry(RuntimeEndpoints& endpoints, Clock& clock, Stopwatch& stopwatch, TaskGroup& tasks)
      : endpoints_(endpoints), clock_(clock), stopwatch_(stopwatch), tasks_(tasks) {}
  ~Telemetry() { close(); }
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  /// `type` without its `platform.`.
  void platform(std::string_view type, OrderedJson record);
  /// A line that the function or an extension wrote. `json`: one that is a JSON object goes out as one.
  void line(bool of_function, std::string_view text, bool json);
  /// Gets also what was told since the environment began to start.
  void subscribe(TelemetrySubscription subscription);
  /// Nobody can subscribe any more: what was kept for them goes.
  void close_subscriptions();

  /// Whether anything waits, or is on its way.
  bool pending() const;
  /// Sends all that waits; set once it is there, or has been given up.
  OneShot<bool> flush();
  /// Nothing is sent any more.
  void close();

 private:
  struct Event {
    std::string type;  ///< `platform.start`, `function`, `extension`
    std::string text;  ///< the whole of it, encoded; empty: not for this API
    std::string logs_text;
  };
  struct Feed {
    TelemetrySubscription to;
    std::vector<std::string> waiting{};
    std::size_t bytes = 0;
    TimerId timer = 0;
    bool sending = false;
    std::size_t dropped_records = 0;
    std::size_t dropped_bytes = 0;
  };
  using FeedPtr = std::shared_ptr<Feed>;

  void tell(Event event);
  void give(const FeedPtr& feed, const Event& event);
  void send(const FeedPtr& feed);
  void settle_flush();
  static Task<> deliver(std::shared_ptr<Telemetry> self, FeedPtr feed);

  RuntimeEndpoints& endpoints_;
  Clock& clock_;
  Stopwatch& stopwatch_;
  TaskGroup& tasks_;
  std::vector<FeedPtr> feeds_;
  std::vector<Event> early_;
  std::size_t early_bytes_ = 0;
  bool open_ = true;  ///< further ones may subscribe
  bool closed_ = false;
  std::vector<OneShot<bool>> flushing_;
};

}  // namespace aviary::execution
