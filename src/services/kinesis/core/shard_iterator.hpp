#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "services/kinesis/core/scope.hpp"

namespace aviary::kinesis {

/// A place in a shard that a reader holds for five minutes. What a client gets of it is opaque and sealed:
/// one that was not made here is no iterator.
struct ShardIterator {
  StreamId stream;
  std::string uid;
  std::uint32_t shard = 0;
  std::uint64_t number = 0;  ///< of the next record to read, or below it
  Instant made{};

  std::string encode() const;
  static std::optional<ShardIterator> decode(std::string_view text);
};

inline constexpr Duration iterator_lasts = std::chrono::minutes(5);

}  // namespace aviary::kinesis
