#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "rehearsal/refusal.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::rehearsal {

/// The events of a recording, oldest first; a refusal if there is no such recording.
using RecordedEvents = std::function<Checked<std::vector<std::string>>(const std::string& recording)>;

/// "Ten a second to prod for half an hour":
/// `{"function": "order-processor:prod", "rate": 10, "for": "30m", "payload": {"amount": 200}}`.
struct TrafficPlan {
  std::string id;
  lambda::Scope caller;
  std::string function;                     ///< a name or an ARN, with or without a qualifier
  Duration spacing{};                       ///< between two invokes, in emulated time
  std::vector<std::string> payloads{"{}"};  ///< taken in turn
  std::uint64_t count = 0;                  ///< so many invokes, then it is over
  std::size_t concurrency = 100;            ///< beyond so many without an answer the next ones are left out
  Json document;                            ///< as it was given, with the events of a recording in it

  static Checked<TrafficPlan> parse(const Json& document, const lambda::Scope& caller,
                                    const RecordedEvents& recorded);
};

}  // namespace aviary::rehearsal
