#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace aviary::wire {

/// The body of an answer that is sent while it is still being made. Who makes it writes; the connection
/// takes, sends, and says so. Both live on the loop's thread and share the stream.
///
/// Back-pressure: a writer that has more than it wants to see waiting stops until `on_taken`.
class BodyStream {
 public:
  // The writer's side.
  void write(std::string_view bytes) {
    if (over_ || closed_ || bytes.empty()) return;
    waiting_.append(bytes);
    written_ += bytes.size();
    tell(on_written);
  }
  /// All has been written.
  void end() { finish(true); }
  /// The rest will not come: the reader sees a body that is cut off, not one that is complete.
  void fail() { finish(false); }
  /// Bytes that were written and not taken yet.
  std::size_t waiting() const noexcept { return waiting_.size(); }
  /// All that was ever written.
  std::uint64_t written() const noexcept { return written_; }
  /// The reader is gone: nothing more is wanted.
  bool closed() const noexcept { return closed_; }
  /// Called when the reader has taken something, and when it has gone.
  std::function<void()> on_taken;

  // The reader's side.
  /// What is there, at most so many bytes; empty: nothing now.
  std::string take(std::size_t most) {
    std::string piece;
    if (waiting_.size() <= most) {
      piece = std::exchange(waiting_, {});
    } else {
      piece = waiting_.substr(0, most);
      waiting_.erase(0, most);
    }
    if (!piece.empty()) tell(on_taken);
    return piece;
  }
  /// Nothing is left and nothing will come.
  bool finished() const noexcept { return over_ && waiting_.empty(); }
  bool complete() const noexcept { return complete_; }
  void close() {
    if (std::exchange(closed_, true)) return;
    waiting_.clear();
    tell(on_taken);
  }
  /// Called when something was written, and at the end.
  std::function<void()> on_written;

 private:
  void finish(bool complete) {
    if (std::exchange(over_, true)) return;
    complete_ = complete;
    tell(on_written);
  }
  /// A copy: who is told may put another listener in its place, or go.
  static void tell(const std::function<void()>& listener) {
    if (!listener) return;
    const std::function<void()> called = listener;
    called();
  }

  std::string waiting_;
  std::uint64_t written_ = 0;
  bool over_ = false;
  bool complete_ = false;
  bool closed_ = false;
};

}  // namespace aviary::wire
