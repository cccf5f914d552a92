#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/logs/core/filter_pattern.hpp"
#include "services/logs/core/log_store.hpp"

namespace aviary::logs {

struct FoundEvent {
  EventKey key;
  Millis ingested = 0;
  std::uint64_t stream = 0;
  std::string stream_name;
  std::string text;
};

/// What FilterLogEvents asks for: events of some streams between two keys that match a pattern, in order of
/// their keys over all streams.
///
/// Works in slices, so that a search over all there is does not hold the loop up; between two slices it holds
/// no more than ids and keys, so that streams may grow, shrink and go.
class EventSearch {
 public:
  struct Range {
    EventKey from = EventKey::lowest();
    EventKey until = EventKey::highest();  ///< the first that is not wanted
  };
  struct Page {
    std::size_t events = 10'000;
    std::size_t bytes = 1 << 20;  ///< of text
  };

  EventSearch(std::vector<std::uint64_t> streams, FilterPattern pattern, Range range, Page page);

  /// Reads on, about `bytes` of text. True when the page is full or there is no more.
  bool run(LogStore& store, std::size_t bytes);

  const std::vector<FoundEvent>& found() const noexcept { return found_; }
  std::vector<FoundEvent> take_found() { return std::move(found_); }
  /// Where the next page begins; nothing when there is nothing more to find.
  std::optional<EventKey> next() const noexcept { return next_; }
  std::uint64_t scanned_bytes() const noexcept { return scanned_bytes_; }
  std::uint64_t scanned_events() const noexcept { return scanned_events_; }

 private:
  struct Cursor {
    std::uint64_t stream;
    EventKey at;  ///< matching, or not looked at yet
    bool matching = false;
  };

  /// Moves the cursor to the next event that matches. False when the stream has none; `left` may run out
  /// before.
  bool advance(const LogStream& stream, Cursor& cursor, std::int64_t& left);
  /// The first event from `index` on that matches, or `size()`; reads no further than the event at `end`.
  std::size_t first_match(const EventChunk& chunk, std::size_t index, std::size_t end, std::int64_t& left);
  static bool later(const Cursor& a, const Cursor& b) { return a.at > b.at; }
  void take(const LogStream& stream, const Cursor& cursor);

  FilterPattern pattern_;
  Range range_;
  Page page_;
  std::vector<Cursor> open_;   ///< to be moved on
  std::vector<Cursor> ready_;  ///< a heap of those that stand on a match, the earliest first
  std::vector<FoundEvent> found_;
  std::size_t found_bytes_ = 0;
  std::optional<EventKey> next_;
  std::uint64_t scanned_bytes_ = 0;
  std::uint64_t scanned_events_ = 0;
};

}  // namespace aviary::logs
