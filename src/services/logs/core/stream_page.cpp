#include "services/logs/core/stream_page.hpp"

#include <algorithm>

namespace aviary::logs {
namespace {

constexpr std::size_t event_overhead = 26;

/// Whether the page has room for the event; an empty one always has.
bool add(StreamPage& page, PageSize size, std::size_t& bytes, const Event& event) {
  bytes += event.text.size() + event_overhead;
  if (!page.events.empty() && (page.events.size() >= size.events || bytes > size.bytes)) return false;
  page.events.push_back(event);
  return true;
}

void close(StreamPage& page, EventKey where) {
  page.begin = page.end = where;
  if (page.events.empty()) return;
  page.begin = page.events.front().key;
  const EventKey last = page.events.back().key;
  page.end = {last.timestamp, last.sequence + 1};
}

}  // namespace

StreamPage read_forward(const LogStream& stream, EventKey from, EventKey until, PageSize size) {
  StreamPage page;
  std::size_t bytes = 0;
  bool room = true;
  for (std::size_t at = stream.chunk_at(from); room && at < stream.chunks.size(); ++at) {
    const EventChunk& chunk = *stream.chunks[at];
    for (std::size_t i = chunk.first_not_before(from); room && i < chunk.size(); ++i)
      room = chunk.key(i) < until && add(page, size, bytes, chunk[i]);
  }
  close(page, from);
  return page;
}

StreamPage read_backward(const LogStream& stream, EventKey from, EventKey until, PageSize size) {
  StreamPage page;
  std::size_t bytes = 0;
  bool room = true;
  for (std::size_t at = std::min(stream.chunk_at(until) + 1, stream.chunks.size()); room && at > 0; --at) {
    const EventChunk& chunk = *stream.chunks[at - 1];
    for (std::size_t i = chunk.first_not_before(until); room && i > 0; --i)
      room = chunk.key(i - 1) >= from && add(page, size, bytes, chunk[i - 1]);
  }
  std::ranges::reverse(page.events);
  close(page, until);
  return page;
}

}  // namespace aviary::logs
