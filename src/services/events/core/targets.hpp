#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ports/task.hpp"
#include "services/events/core/api_destinations.hpp"

namespace aviary::events {

/// One event on its way to one target.
struct Shipment {
  Scope sender;
  std::string target;  ///< ARN
  std::string body;
  std::string group{};  ///< FIFO queues: `SqsParameters.MessageGroupId`
  std::string deduplication_id{};
  std::map<std::string, std::string> attributes{};  ///< dead letters: what went wrong, for which rule
};

/// What came of a request to somebody's HTTP server.
struct HttpAnswer {
  int status = 0;         ///< 0: there was no answer
  std::string problem{};  ///< why
};

/// Whoever takes events in: functions, queues, topics, HTTP servers.
class Targets {
 public:
  virtual ~Targets() = default;
  /// Nothing when it has arrived, else why not. Called once, now or later, on the loop.
  using Done = std::function<void(std::optional<std::string> problem)>;
  virtual void ship(Shipment shipment, Done done) = 0;
  /// One request, and no other try. `answered` is called once, now or later, on the loop.
  using Answered = std::function<void(const HttpAnswer& answer)>;
  virtual void call(HttpCall call, Answered answered) = 0;
  /// No request is under way any more.
  virtual Task<> stop() = 0;
  /// Whether events can be shipped to what this ARN names.
  virtual bool reaches(const std::string& arn) const = 0;
};

}  // namespace aviary::events
