#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "execution/observers.hpp"
#include "ports/clock.hpp"

namespace aviary::app {

/// What happens while somebody drives the clock, for the driver to read: each invocation, each alarm's
/// change, in order. Remembers nothing while nobody drives.
class Happenings final : public execution::InvocationObserver {
 public:
  explicit Happenings(Clock& clock) : clock_(clock) {}

  void begin() { ++drivers_; }
  /// `[{"at": "2026-01-01T00:01:00.000Z", "what": "alarm errors: OK -> ALARM"}]`
  Json end();
  bool wanted() const noexcept { return drivers_ > 0; }
  void add(std::string what);
  void on_invocation(const execution::InvocationRecord& record) override;

 private:
  Clock& clock_;
  int drivers_ = 0;
  Json rows_ = Json::array();
};

/// How the clock's `until` finds out about one kind of thing: `alarm NAME is ALARM`.
struct StateProbe {
  std::vector<std::string> states;
  /// The state of what has that name; nothing if there is none.
  std::function<std::optional<std::string>(const std::string& account, const std::string& region,
                                           const std::string& name)>
      find;
};

}  // namespace aviary::app
