#include "services/logs/core/event_search.hpp"

#include <algorithm>
#include <cstring>

namespace aviary::logs {

EventSearch::EventSearch(std::vector<std::uint64_t> streams, FilterPattern pattern, Range range, Page page)
    : pattern_(std::move(pattern)), range_(range), page_(page) {
  for (const std::uint64_t stream : streams) open_.push_back({stream, range.from});
}

bool EventSearch::run(LogStore& store, std::size_t bytes) {
  auto left = static_cast<std::int64_t>(bytes);
  for (;;) {
    // All cursors stand on a match before the earliest is taken: only then is it the earliest.
    while (!open_.empty()) {
      Cursor& cursor = open_.back();
      const LogStream* stream = store.find_stream(cursor.stream);
      const bool more = stream && advance(*stream, cursor, left);
      if (more && !cursor.matching) return false;  // the slice is read
      if (more) {
        ready_.push_back(cursor);
        std::ranges::push_heap(ready_, later);
      }
      open_.pop_back();
      if (left <= 0 && !open_.empty()) return false;
    }
    if (ready_.empty()) return true;
    const Cursor earliest = ready_.front();
    const LogStream* stream = store.find_stream(earliest.stream);
    const std::size_t chunk = stream ? stream->chunk_at(earliest.at) : 0;
    const bool there = stream && chunk < stream->chunks.size();
    if (there && !found_.empty()) {
      const EventChunk& events = *stream->chunks[chunk];
      const std::size_t size = events[events.first_not_before(earliest.at)].text.size();
      if (found_.size() >= page_.events || found_bytes_ + size > page_.bytes) {
        next_ = earliest.at;
        return true;
      }
    }
    std::ranges::pop_heap(ready_, later);
    ready_.pop_back();
    if (there) take(*stream, earliest);
    open_.push_back({earliest.stream, {earliest.at.timestamp, earliest.at.sequence + 1}});
    if (left <= 0) return false;
  }
}

void EventSearch::take(const LogStream& stream, const Cursor& cursor) {
  const EventChunk& chunk = *stream.chunks[stream.chunk_at(cursor.at)];
  const Event event = chunk[chunk.first_not_before(cursor.at)];
  if (event.key != cursor.at) return;  // it has gone since
  found_bytes_ += event.text.size();
  found_.push_back({event.key, event.ingested, stream.id, stream.name, std::string(event.text)});
}

bool EventSearch::advance(const LogStream& stream, Cursor& cursor, std::int64_t& left) {
  for (std::size_t at = stream.chunk_at(cursor.at); at < stream.chunks.size(); ++at) {
    const EventChunk& chunk = *stream.chunks[at];
    if (chunk.front_key() >= range_.until) return false;
    const std::size_t end =
        chunk.back_key() < range_.until ? chunk.size() : chunk.first_not_before(range_.until);
    const std::size_t begin = chunk.first_not_before(cursor.at);
    const std::size_t index = first_match(chunk, begin, end, left);
    if (index < end) {
      cursor.at = chunk.key(index);
      cursor.matching = true;
      return true;
    }
    const EventKey last = chunk.back_key();
    cursor.at = {last.timestamp, last.sequence + 1};
    if (left <= 0) return at + 1 < stream.chunks.size();
  }
  return false;
}

std::size_t EventSearch::first_match(const EventChunk& chunk, std::size_t index, std::size_t end,
                                     std::int64_t& left) {
  if (index >= end) return end;
  const std::size_t start = index;
  const std::string_view anchor = pattern_.anchor();
  if (anchor.empty()) {
    while (index < end && !pattern_.matches(chunk[index].text)) ++index;
  } else {
    // One search through the text of many events; what it finds may begin in one and end in the next.
    const std::string_view text = chunk.text().substr(0, chunk.offset(end));
    std::size_t from = chunk.offset(index);
    index = end;
    while (from < text.size()) {
      const void* hit = memmem(text.data() + from, text.size() - from, anchor.data(), anchor.size());
      if (!hit) break;
      const auto offset = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
      const std::size_t candidate = chunk.index_at(offset);
      const bool inside = offset + anchor.size() <= chunk.offset(candidate + 1);
      if (inside && (pattern_.is_anchor_alone() || pattern_.matches(chunk[candidate].text))) {
        index = candidate;
        break;
      }
      from = inside ? chunk.offset(candidate + 1) : offset + 1;
    }
  }
  const std::size_t read = chunk.offset(std::min(index + 1, end)) - chunk.offset(start);
  scanned_bytes_ += read;
  scanned_events_ += std::min(index + 1, end) - start;
  // An event costs something even if it has hardly any text.
  left -= static_cast<std::int64_t>(read + 16 * (std::min(index + 1, end) - start));
  return index;
}

}  // namespace aviary::logs
