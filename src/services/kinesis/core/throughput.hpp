#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

/// What a shard takes and gives in a second:
/// https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
namespace aviary::kinesis {

/// 1,000 records and 1 MiB.
class WriteAllowance {
 public:
  /// Whether one more record fits into this second; it is counted if it does.
  bool take(std::size_t bytes, Instant now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_) {
      second_ = second;
      records_ = bytes_ = 0;
    }
    // A record that is larger than a second's share alone is let through when nothing else was.
    if (records_ >= 1000 || (bytes_ > 0 && bytes_ + bytes > 1024U * 1024)) return false;
    ++records_;
    bytes_ += bytes;
    return true;
  }

 private:
  std::chrono::sys_seconds second_{};
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
};

/// Five calls, and 2 MiB: a call that takes more borrows from the seconds after it.
class ReadAllowance {
 public:
  bool take_call(Instant now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != second_) {
      second_ = second;
      calls_ = 0;
    }
    if (now < free_ || calls_ >= 5) return false;
    ++calls_;
    return true;
  }
  void took(std::size_t bytes, Instant now) {
    constexpr std::size_t a_second = 2U * 1024 * 1024;
    if (bytes > a_second) free_ = now + std::chrono::seconds(bytes / a_second);
  }

 private:
  std::chrono::sys_seconds second_{};
  std::size_t calls_ = 0;
  Instant free_{};
};

}  // namespace aviary::kinesis
