#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "services/logs/core/event_chunk.hpp"

namespace aviary::logs {

struct LogGroup;

/// One stream's events, in order of their keys. The chunks are the store's to make and drop: it keeps the
/// account of memory.
struct LogStream {
  std::uint64_t id = 0;  ///< never given twice
  LogGroup* group = nullptr;
  std::string name;
  Millis created = 0;
  /// Made by writing to it, as Lambda's are: goes away with its last event, lest streams grow without bound.
  bool implicit = false;
  // Of all events that ever came, also of those that are gone.
  std::optional<Millis> first_event;
  std::optional<Millis> last_event;
  std::optional<Millis> last_ingestion;

  std::deque<std::unique_ptr<EventChunk>> chunks;

  /// The first chunk with an event at or after `key`; `chunks.size()` if there is none.
  std::size_t chunk_at(EventKey key) const noexcept;
  std::size_t events() const noexcept;
  /// AWS's measure: text and 26 bytes an event.
  std::uint64_t stored_bytes() const noexcept;
};

}  // namespace aviary::logs
