#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "ports/clock.hpp"
#include "services/events/core/targets.hpp"

namespace aviary::events {

/// One event on its way to an API destination.
struct HttpDelivery {
  HttpCall call;
  std::string destination;  ///< ARN
  int rate = 300;           ///< calls a second, of the destination
  int attempts = 186;       ///< the first one included
  Instant until{};          ///< no attempt begins after it
};

/// Calls API destinations, no faster than they want it, and tries again what may pass: "409, 429, 5xx", and
/// when nobody answers. What waits is forgotten at the end of the server. Lives on the loop's thread.
class HttpDeliveries {
 public:
  using Done = std::function<void(std::optional<std::string> problem)>;

  HttpDeliveries(Clock& clock, Targets* targets) : clock_(clock), targets_(targets) {}
  ~HttpDeliveries() { clear(); }
  HttpDeliveries(const HttpDeliveries&) = delete;
  HttpDeliveries& operator=(const HttpDeliveries&) = delete;

  void send(HttpDelivery delivery, Done done);
  void clear();

 private:
  struct Waiting {
    HttpDelivery delivery;
    Done done;
    int tried = 0;
    TimerId timer = 0;
  };

  void wait(std::uint64_t number, Duration delay);
  void attempt(std::uint64_t number);
  void answered(std::uint64_t number, const HttpAnswer& answer);

  Clock& clock_;
  Targets* targets_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::map<std::string, Instant> free_at_;  ///< by destination: when it takes the next call
  std::uint64_t next_ = 0;
};

}  // namespace aviary::events
