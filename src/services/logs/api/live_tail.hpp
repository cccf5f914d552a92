#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "ports/clock.hpp"
#include "services/logs/core/filter_pattern.hpp"
#include "services/logs/core/log_group.hpp"
#include "wire/body_stream.hpp"

namespace aviary::logs {

/// Sessions of StartLiveTail: what comes in is sent on, once a second, to whoever watches. A second is a real
/// one, as somebody sits there and looks; that a session ends after three hours is the emulated clock's.
///
/// Lives on the loop's thread. Costs nothing while nobody watches.
class LiveTail {
 public:
  struct Wanted {
    Scope scope;
    std::vector<std::string> groups;
    std::vector<std::string> streams;   ///< empty: all
    std::vector<std::string> prefixes;  ///< of streams; empty: all
    FilterPattern pattern;
  };
  static constexpr std::size_t most_sessions = 15;  ///< of an account, as at AWS

  LiveTail(Clock& clock, Stopwatch& stopwatch) : clock_(clock), stopwatch_(stopwatch) {}
  ~LiveTail();
  LiveTail(const LiveTail&) = delete;
  LiveTail& operator=(const LiveTail&) = delete;

  /// `start` is the session's first message, LiveTailSessionStart.
  std::shared_ptr<wire::BodyStream> open(Wanted wanted, const Json& start);
  bool idle() const noexcept { return sessions_.empty(); }
  std::size_t sessions() const noexcept { return sessions_.size(); }
  void on_event(const LogGroup& group, std::string_view stream, EventKey key, Millis ingested,
                std::string_view text);
  /// Ends all sessions.
  void close();

 private:
  struct Session {
    Wanted wanted;
    std::shared_ptr<wire::BodyStream> stream;
    Instant ends;
    std::deque<Json> waiting;
    bool sampled = false;  ///< something was left out
  };
  void tick();
  void update(Session& session);

  Clock& clock_;
  Stopwatch& stopwatch_;
  TimerId timer_ = 0;
  std::vector<std::unique_ptr<Session>> sessions_;
};

}  // namespace aviary::logs
