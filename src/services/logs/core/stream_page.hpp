#pragma once

#include <cstddef>
#include <vector>

#include "services/logs/core/log_stream.hpp"

namespace aviary::logs {

/// A run of one stream's events, in their order. A page ends between two events: at a key that the first
/// event behind it is not before.
struct StreamPage {
  std::vector<Event> events;  ///< the texts live until the store is changed
  EventKey begin;
  EventKey end;
};

struct PageSize {
  std::size_t events = 10'000;
  std::size_t bytes = 1 << 20;
};

/// From the first event at or after `from`, before `until`.
StreamPage read_forward(const LogStream& stream, EventKey from, EventKey until, PageSize size);
/// The last ones before `until`, none before `from`.
StreamPage read_backward(const LogStream& stream, EventKey from, EventKey until, PageSize size);

}  // namespace aviary::logs
