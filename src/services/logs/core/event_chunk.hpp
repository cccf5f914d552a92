#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/logs/core/scope.hpp"

namespace aviary::logs {

/// Where an event stands in its stream, and among all events of the server: by time, then in order of
/// arrival. Never changes and is never given twice, so that a page may end at one whatever comes or goes
/// meanwhile.
struct EventKey {
  Millis timestamp = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const EventKey&) const = default;

  static constexpr EventKey lowest() { return {std::numeric_limits<Millis>::min(), 0}; }
  static constexpr EventKey highest() {
    return {std::numeric_limits<Millis>::max(), std::numeric_limits<std::uint64_t>::max()};
  }
};

/// One event as it is read; the text belongs to the chunk and lives until the store is changed.
struct Event {
  EventKey key;
  Millis ingested = 0;
  std::string_view text;
};

/// A run of events of one stream, in order of their keys, their texts back to back: what is searched is one
/// piece of memory, what is remembered about an event is 24 bytes.
class EventChunk {
 public:
  /// A chunk that has this much text takes no more; one event may be larger.
  static constexpr std::size_t full_bytes = 64 * 1024;

  /// `id` grows with every chunk of the store: the oldest is dropped first.
  EventChunk(std::uint64_t id, Millis first_ingested) : id_(id), ingested_base_(first_ingested) {}

  std::uint64_t id() const noexcept { return id_; }
  std::size_t size() const noexcept { return marks_.size(); }
  Event operator[](std::size_t index) const noexcept {
    const Mark& mark = marks_[index];
    const std::size_t begin = index == 0 ? 0 : marks_[index - 1].end;
    return {{mark.timestamp, mark.sequence},
            ingested_base_ + mark.ingested,
            std::string_view(text_).substr(begin, mark.end - begin)};
  }
  EventKey key(std::size_t index) const noexcept { return {marks_[index].timestamp, marks_[index].sequence}; }
  EventKey front_key() const noexcept { return key(0); }
  EventKey back_key() const noexcept { return key(marks_.size() - 1); }
  std::string_view text() const noexcept { return text_; }
  /// Where the event's text begins in `text()`; `index` may be `size()`.
  std::size_t offset(std::size_t index) const noexcept { return index == 0 ? 0 : marks_[index - 1].end; }
  /// The event that the byte at `offset` belongs to.
  std::size_t index_at(std::size_t offset) const noexcept;
  /// The first event at or after `key`; `size()` if there is none.
  std::size_t first_not_before(EventKey key) const noexcept;

  bool takes(std::size_t bytes, Millis ingested) const noexcept;
  void append(EventKey key, Millis ingested, std::string_view text);
  /// For an event that comes later than its time: as `append`, at its place.
  void insert(EventKey key, Millis ingested, std::string_view text);
  /// Room at once for as much as `previous` holds: what is written to goes on being written to, and growing
  /// step by step would copy it all and leave a fifth unused.
  void reserve_like(const EventChunk& previous) {
    text_.reserve(full_bytes);
    marks_.reserve(previous.size() + previous.size() / 16);
  }
  /// Takes the events from `index` on out, into a chunk of their own.
  std::unique_ptr<EventChunk> split(std::size_t index, std::uint64_t id);

  /// What it takes, in bytes, room to grow included.
  std::size_t footprint() const noexcept {
    return sizeof(EventChunk) + text_.capacity() + marks_.capacity() * sizeof(Mark);
  }

 private:
  struct Mark {
    Millis timestamp;
    std::uint64_t sequence;
    std::uint32_t end;      ///< of the text
    std::int32_t ingested;  ///< milliseconds after the chunk's first event was taken in
  };

  std::uint64_t id_;
  Millis ingested_base_;
  std::string text_;
  std::vector<Mark> marks_;
};

}  // namespace aviary::logs
