#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ports/task.hpp"
#include "services/sns/core/topic.hpp"

namespace aviary::sns {

/// One message on its way to one subscriber (or to its dead-letter queue).
struct Parcel {
  Scope sender;
  std::string protocol;  ///< `sqs`, `lambda`, `http`, `https`
  std::string endpoint;  ///< ARN or URL
  std::string body;
  Attributes attributes{};                                     ///< queues, when the message is delivered raw
  std::string group{};                                         ///< FIFO queues
  std::string deduplication_id{};                              ///< FIFO queues
  std::vector<std::pair<std::string, std::string>> headers{};  ///< http
};

/// How a parcel fared.
struct Arrival {
  bool arrived = false;
  bool worth_another_try = false;  ///< the endpoint may yet take it: no answer, or 5xx
  std::string problem{};
};

/// Whoever can hand parcels over: queues, functions, HTTP servers.
class Subscribers {
 public:
  virtual ~Subscribers() = default;
  using Done = std::function<void(Arrival)>;
  /// `done` is called once, now or later, on the loop.
  virtual void hand_over(Parcel parcel, Done done) = 0;
  /// Nothing is on its way any more.
  virtual Task<> stop() { co_return; }
};

}  // namespace aviary::sns
