#include "services/logs/core/log_stream.hpp"

#include <algorithm>

namespace aviary::logs {

std::size_t LogStream::chunk_at(EventKey key) const noexcept {
  const auto found =
      std::ranges::lower_bound(chunks, key, {}, [](const auto& chunk) { return chunk->back_key(); });
  return static_cast<std::size_t>(found - chunks.begin());
}

std::size_t LogStream::events() const noexcept {
  std::size_t count = 0;
  for (const auto& chunk : chunks) count += chunk->size();
  return count;
}

std::uint64_t LogStream::stored_bytes() const noexcept {
  constexpr std::uint64_t overhead = 26;
  std::uint64_t bytes = 0;
  for (const auto& chunk : chunks) bytes += chunk->text().size() + overhead * chunk->size();
  return bytes;
}

}  // namespace aviary::logs
