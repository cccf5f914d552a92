#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "services/events/core/archives.hpp"
#include "services/events/core/rules.hpp"
#include "services/events/core/targets.hpp"
#include "services/events/jobs/http_deliveries.hpp"

namespace aviary::events {

/// Takes events to the targets of the rules that match them, and runs rules with schedules on the clock.
/// Lives on the loop's thread.
class EventRouter {
 public:
  /// `targets` may be null: nothing ever arrives.
  EventRouter(Clock& clock, Random& ids, Rules& rules, Archives& archives, const ApiDestinations& calls,
              Targets* targets);
  ~EventRouter();
  EventRouter(const EventRouter&) = delete;
  EventRouter& operator=(const EventRouter&) = delete;

  /// To all rules of the bus. `event` is the whole envelope.
  void route(const Scope& scope, const std::string& bus, const Json& event, int hops = 0);
  /// The same for an event of a replay: to the rules of these ARNs only, if there are any.
  void replay(const Scope& scope, const std::string& bus, const Json& event,
              const std::vector<std::string>& rules);
  /// A rule was added, changed or removed: its timer is set anew.
  void reschedule(const Scope& scope, const std::string& bus, const std::string& name);
  /// Sets the timers of all rules.
  void restore();
  void clear();
  std::uint64_t delivered() const noexcept { return delivered_; }
  std::uint64_t failed() const noexcept { return failed_; }

 private:
  struct RuleId {
    Scope scope;
    std::string bus;
    std::string name;
    auto operator<=>(const RuleId&) const = default;
  };

  void route_to(const Scope& scope, const std::string& bus, const Json& event, int hops,
                const std::vector<std::string>& only);
  void run(const RuleId& id);
  void deliver(const Scope& scope, const Rule& rule, const Json& event, int hops);
  void call_out(const Scope& scope, const Json& target, std::string body, Targets::Done done);

  Clock& clock_;
  Random& ids_;
  Rules& rules_;
  Archives& archives_;
  const ApiDestinations& calls_;
  Targets* targets_;
  HttpDeliveries http_;
  std::map<RuleId, TimerId> timers_;
  std::uint64_t delivered_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace aviary::events
