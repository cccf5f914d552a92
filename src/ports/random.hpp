#pragma once

#include <cstdint>
#include <string>

namespace aviary {

/// Chance. One seed gives one sequence; streams split off by name are independent of each other, so that
/// drawing a request id never changes which version the router picks next.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// RFC 4122 version 4, lower case.
  std::string uuid();
  /// `digits` lower-case hex digits.
  std::string hex(std::size_t digits);
};

/// xoshiro256** seeded by splitmix64 over the seed and the stream's name. Not for secrets.
class SeededRandom final : public Random {
 public:
  SeededRandom(std::uint64_t seed, std::string_view stream);
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace aviary
