#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "services/lambda/core/function_runner.hpp"
#include "services/lambda/core/messenger.hpp"

namespace aviary::lambda {

/// An asynchronous invocation that was accepted (202) and has not come to its end.
struct Event {
  std::string request_id;  ///< the same on every attempt
  Scope scope;
  std::string function_name;
  std::string qualifier;
  std::string payload;
  std::string trace_id;
  Instant accepted;
  std::uint32_t failures = 0;   ///< attempts that the function failed
  std::uint32_t throttles = 0;  ///< attempts that never reached the function
  bool looped = false;          ///< it came back to its function too often: it is not run
  std::string
      durable_execution{};  ///< the ARN of the execution that it started; it is awaited, and never retried
  std::string tenant_id{};  ///< see `Invocation::tenant_id`
};

/// What the last attempt came to, for the record of it.
struct LastAttempt {
  std::string executed_version;  ///< empty: nothing ran
  std::string function_error{};
  std::string payload{};
};

/// `condition`: Success, RetriesExhausted, EventAgeExceeded, ZeroReservedConcurrency… as AWS words it. The
/// record that destinations get, as JSON. `attempts`: how often the function ran.
std::string event_record(const Event& event, std::string_view condition, std::uint32_t attempts,
                         const LastAttempt& last, Instant now);

/// To a destination of `OnSuccess` or `OnFailure`. `id`: a new uuid, for the name of an object in a bucket.
OutgoingMessage destination_message(const Event& event, std::string_view target, std::string record,
                                    bool success, Instant now, std::string_view id);
/// The event itself, for a dead-letter queue or topic, with what went wrong in its attributes.
OutgoingMessage dead_letter(const Event& event, std::string_view target, const LastAttempt& last,
                            std::string_view condition);

}  // namespace aviary::lambda
