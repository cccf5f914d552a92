#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aviary::engine {

/// A container's output as an engine sends it: frames of eight bytes (the stream, three zeros, the length as
/// big-endian) and what was written, cut anywhere.
class EngineFrames {
 public:
  /// What was written, of what has come; of both streams, in the order in which they were sent.
  std::string take(std::string_view bytes);

 private:
  std::string head_{};      ///< of a frame, until it is whole
  std::uint64_t left_ = 0;  ///< of the current frame's content
};

}  // namespace aviary::engine
