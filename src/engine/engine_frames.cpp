#include "engine/engine_frames.hpp"

#include <algorithm>

namespace aviary::engine {

std::string EngineFrames::take(std::string_view bytes) {
  constexpr std::size_t head_size = 8;
  std::string written;
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::size_t part = std::min<std::size_t>(bytes.size(), left_);
      written.append(bytes.substr(0, part));
      bytes.remove_prefix(part);
      left_ -= part;
      continue;
    }
    const std::size_t part = std::min(bytes.size(), head_size - head_.size());
    head_.append(bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (head_.size() < head_size) break;
    for (std::size_t at = 4; at < head_size; ++at)
      left_ = left_ << 8U | static_cast<unsigned char>(head_[at]);
    head_.clear();
  }
  return written;
}

}  // namespace aviary::engine
