#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace aviary::http {

/// Bytes received and not yet used, contiguous, so that views of a request's head stay valid while nothing is
/// added. Small while a connection is idle: hundreds of idle connections must cost next to nothing.
class ReceiveBuffer {
 public:
  static constexpr std::size_t idle_capacity = 2048;

  const char* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  char* space() noexcept { return bytes_.get() + size_; }
  std::size_t room() const noexcept { return capacity_ - size_; }
  /// Makes room for at least one more byte without growing beyond `limit`. False if that is not possible.
  bool grow(std::size_t limit) {
    if (room() > 0) return true;
    if (capacity_ >= limit) return false;
    resize(std::min(limit, std::max(idle_capacity, capacity_ * 2)));
    return true;
  }
  void received(std::size_t count) noexcept { size_ += count; }

  void append(std::string_view more) {
    if (more.empty()) return;
    if (room() < more.size()) resize(std::max({idle_capacity, size_ + more.size(), capacity_ * 2}));
    std::memcpy(space(), more.data(), more.size());
    size_ += more.size();
  }
  void truncate(std::size_t size) noexcept { size_ = size; }
  /// Drops the first `count` bytes.
  void consume(std::size_t count) noexcept {
    size_ -= count;
    if (size_ > 0 && count > 0) std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }
  /// Gives back what a large message needed.
  void relax() {
    if (capacity_ > 4 * idle_capacity && size_ <= idle_capacity) resize(idle_capacity);
  }

 private:
  void resize(std::size_t capacity) {
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace aviary::http
