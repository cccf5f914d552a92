#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "http/server.hpp"
#include "ports/clock.hpp"

namespace aviary::http {

/// Elapsed time that the test moves on by hand.
class HandStopwatch final : public Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const override { return now_; }
  TimerId call_after(std::chrono::nanoseconds delay, std::function<void()> what) override;
  bool cancel(TimerId timer) override;
  /// Runs what falls due, in order.
  void advance(std::chrono::nanoseconds by);
  std::size_t pending() const { return timers_.size(); }

 private:
  std::chrono::nanoseconds now_{0};
  TimerId last_ = 0;
  std::map<std::pair<std::chrono::nanoseconds, TimerId>, std::function<void()>> timers_;
};

/// A client's end of a loopback connection. Nothing here blocks: whoever waits runs the loop.
class Peer {
 public:
  explicit Peer(std::uint16_t port, const char* address = "127.0.0.1");
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  bool connected() const { return descriptor_ >= 0; }
  std::uint16_t port() const;
  /// Sends as much as the kernel takes; returns how much.
  std::size_t send(std::string_view bytes);
  void half_close();
  void reset();  ///< closes so that the server sees a reset
  void close();
  /// Takes in what has arrived. `received` holds all so far.
  void receive();
  std::string received;
  bool ended = false;  ///< the server has closed, or reset
  bool was_reset = false;

 private:
  int descriptor_ = -1;
};

/// A loop, a server on an ephemeral port, and hands on its time.
struct Loopback {
  explicit Loopback(Handler handler, Limits limits = {}, Options options = {});
  ~Loopback();

  Peer connect() { return Peer(port); }
  /// Runs the loop until `done` or, about two seconds later, gives up and says false.
  bool run_until(const std::function<bool()>& done);
  /// Runs the loop until nothing more happens for a moment.
  void settle();
  /// Sends, and waits for `answers` complete answers with bodies as Content-Length says. What was received.
  std::string exchange(Peer& peer, std::string_view request, std::size_t answers = 1);
  void stop(std::chrono::milliseconds grace);

  boost::asio::io_context io{1};
  HandStopwatch stopwatch;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
  bool stopped = false;
};

/// How many whole answers `text` holds.
std::size_t count_answers(std::string_view text);
std::string body_of(std::string_view answer);
std::size_t open_descriptors();

}  // namespace aviary::http
