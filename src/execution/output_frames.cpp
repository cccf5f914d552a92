#include "execution/output_frames.hpp"

#include <algorithm>
#include <utility>

namespace aviary::execution {
namespace {

constexpr char first_byte = '\xa5';

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

/// As far as it goes: a5 5a 00, then a format (2: JSON, 3: text) with the level's bits above it.
bool OutputFrames::head_may_be() const noexcept {
  static constexpr std::string_view fixed{"\xa5\x5a\0", 3};
  const std::string_view head = head_;
  if (head.substr(0, 3) != fixed.substr(0, std::min<std::size_t>(3, head.size()))) return false;
  if (head.size() < 4) return true;
  const auto kind = static_cast<unsigned char>(head[3]);
  return kind < 0x20 && (kind & 3U) >= 2 && (head.size() < 8 || big_endian(head.substr(4)) <= longest_record);
}

void OutputFrames::take(std::string_view bytes, Receiver& to) {
  while (!bytes.empty()) {
    if (missing_ > 0) {
      const std::size_t taken = std::min(missing_, bytes.size());
      record_ += bytes.substr(0, taken);
      bytes.remove_prefix(taken);
      missing_ -= taken;
      if (missing_ == 0) to.on_record(std::exchange(record_, {}));
      continue;
    }
    if (head_.empty()) {
      const std::size_t start = std::min(bytes.find(first_byte), bytes.size());
      if (start > 0) to.on_text(bytes.substr(0, start));
      bytes.remove_prefix(start);
      if (bytes.empty()) return;
    }
    head_ += bytes.front();
    bytes.remove_prefix(1);
    if (!head_may_be()) {
      to.on_text(std::exchange(head_, {}));
    } else if (head_.size() == head_size) {
      missing_ = big_endian(std::string_view(head_).substr(4));
      head_.clear();
      if (missing_ == 0) to.on_record({});
    }
  }
}

void OutputFrames::end(Receiver& to) {
  missing_ = 0;
  if (!head_.empty()) to.on_text(std::exchange(head_, {}));
  if (!record_.empty()) to.on_record(std::exchange(record_, {}));
}

}  // namespace aviary::execution
