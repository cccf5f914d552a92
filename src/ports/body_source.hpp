#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ports/task.hpp"

namespace aviary {

/// How a body ended.
enum class BodyEnd : std::uint8_t {
  Complete,
  Short,      ///< whoever sends it stopped before its end
  Late,       ///< nothing of it came for too long
  Malformed,  ///< the coding that it came in makes no sense
  Lost,       ///< the disk does not give it
  Gone,       ///< the connection is no more: nobody is there to be answered
};

struct BodyPiece {
  std::string bytes{};              ///< empty: nothing more comes
  BodyEnd end = BodyEnd::Complete;  ///< says how it ended once there are no more bytes
};

/// Fields behind a body, names in lower case.
using Trailers = std::vector<std::pair<std::string, std::string>>;

/// About how much of a body is in memory at once.
inline constexpr std::size_t body_piece_bytes = 256 * 1024;

/// A body that is taken piece by piece: what a peer sends, what lies on disk. Nothing moves unless it is
/// asked for, so that whoever takes slowly holds the other side back. On the loop's thread, for one taker.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// The next bytes, at least one unless it is over. Whoever asks keeps the source until the answer is there.
  virtual Task<BodyPiece> next() = 0;
  /// Once it is over.
  virtual Trailers trailers() const { return {}; }
};

}  // namespace aviary
