#pragma once

#include <cstdint>
#include <string_view>

#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

enum class EventHappening : std::uint8_t {
  Received,           ///< AsyncEventsReceived
  Started,            ///< an attempt begins: AsyncEventAge
  Dropped,            ///< AsyncEventsDropped: not processed, for whatever reason
  RecursionDropped,   ///< RecursiveInvocationsDropped, beside Dropped
  DeadLetterFailed,   ///< DeadLetterErrors
  DestinationFailed,  ///< DestinationDeliveryFailures
};

/// One thing that happened to an asynchronous event; what metrics are made of.
struct EventNotice {
  EventHappening happening;
  const Scope& scope;
  std::string_view function_name;
  std::string_view qualifier;  ///< as invoked; empty if none
  Duration age;                ///< since it was accepted
};

class EventObserver {
 public:
  virtual ~EventObserver() = default;
  /// Called on the loop; must not block and must not come back into the service.
  virtual void on_event(const EventNotice& notice) = 0;
};

/// A batch of a stream's records is given to a function.
struct StreamNotice {
  const Scope& scope;
  std::string_view function_name;
  std::string_view qualifier;  ///< as the mapping names it; empty if it does not
  Duration age;                ///< of the batch's last record, since the stream took it in: IteratorAge
};

/// Who watches mappings of streams. The same rules as for `EventObserver`.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  virtual void on_stream_batch(const StreamNotice& notice) = 0;
};

}  // namespace aviary::lambda
