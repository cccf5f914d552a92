#include "services/logs/core/event_chunk.hpp"

#include <algorithm>

namespace aviary::logs {

std::size_t EventChunk::index_at(std::size_t offset) const noexcept {
  const auto found = std::ranges::upper_bound(marks_, offset, {}, &Mark::end);
  return static_cast<std::size_t>(found - marks_.begin());
}

std::size_t EventChunk::first_not_before(EventKey key) const noexcept {
  const auto found = std::ranges::lower_bound(marks_, key, {}, [](const Mark& mark) {
    return EventKey{mark.timestamp, mark.sequence};
  });
  return static_cast<std::size_t>(found - marks_.begin());
}

bool EventChunk::takes(std::size_t bytes, Millis ingested) const noexcept {
  if (marks_.empty()) return true;
  const Millis since = ingested - ingested_base_;
  return text_.size() + bytes <= full_bytes && since >= std::numeric_limits<std::int32_t>::min() &&
         since <= std::numeric_limits<std::int32_t>::max();
}

void EventChunk::append(EventKey key, Millis ingested, std::string_view text) {
  text_.append(text);
  marks_.push_back({key.timestamp, key.sequence, static_cast<std::uint32_t>(text_.size()),
                    static_cast<std::int32_t>(ingested - ingested_base_)});
  // The next event of this stream comes after those of others: what it will be written over is fetched
  // meanwhile.
  const char* next = text_.data() + text_.size();
  for (const int line : {64, 128, 192, 256}) __builtin_prefetch(next + line, 1);
  __builtin_prefetch(marks_.data() + marks_.size() + 1, 1);
}

void EventChunk::insert(EventKey key, Millis ingested, std::string_view text) {
  const std::size_t index = first_not_before(key);
  const std::size_t begin = offset(index);
  text_.insert(begin, text);
  const auto place = marks_.begin() + static_cast<std::ptrdiff_t>(index);
  const auto since = std::clamp<Millis>(ingested - ingested_base_, std::numeric_limits<std::int32_t>::min(),
                                        std::numeric_limits<std::int32_t>::max());
  auto later = marks_.insert(place, {key.timestamp, key.sequence, static_cast<std::uint32_t>(begin),
                                     static_cast<std::int32_t>(since)});
  for (; later != marks_.end(); ++later) later->end += static_cast<std::uint32_t>(text.size());
}

std::unique_ptr<EventChunk> EventChunk::split(std::size_t index, std::uint64_t id) {
  auto rest = std::make_unique<EventChunk>(id, ingested_base_);
  const std::size_t begin = offset(index);
  for (std::size_t i = index; i < marks_.size(); ++i) {
    const Event event = (*this)[i];
    rest->append(event.key, event.ingested, event.text);
  }
  text_.resize(begin);
  text_.shrink_to_fit();
  marks_.resize(index);
  marks_.shrink_to_fit();
  return rest;
}

}  // namespace aviary::logs
