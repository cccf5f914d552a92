#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ports/one_shot.hpp"

namespace aviary::execution {

/// What a post about an invocation came to.
enum class PostCheck : std::uint8_t {
  Accepted,
  InvalidInvokeId,     ///< nobody works on it
  InvokeTimeout,       ///< it has timed out meanwhile; told once, then its id is not known any more
  ResponseInProgress,  ///< its response, or its error, is there or on its way
  ErrorInProgress,     ///< its error is there already
};
/// As AWS's core for managed instances names it: `Runtime.InvalidInvokeId`; empty for what was accepted.
std::string_view error_type(PostCheck check) noexcept;

/// Why an event cannot be handed out.
enum class BeginCheck : std::uint8_t { Begun, DuplicatedInvokeId, NoIdleRuntime };

/// A runtime, one of several in its environment, that waits in `next`.
struct WaitingRuntime {
  OneShot<bool> event;           ///< set to true when `request_id` is its, to false when there will be none
  std::uint64_t connection = 0;  ///< that it waits on; 0: not known
  std::string request_id{};
};

/// The Runtime API of an environment that takes several invocations side by side, as a state machine: who
/// waits for an event, and how far each invocation is. Responses are told apart by their request ids alone:
/// which of the runtimes posts one does not matter. See AWS's runtime interface emulator,
/// lambda-managed-instances/invoke.
class InvokeBoard {
 public:
  /// `most` runtimes at once may wait, and as many invocations be worked on.
  explicit InvokeBoard(std::size_t most) : most_(most) {}

  /// Null when as many wait already: Runtime.TooManyIdleRuntimes.
  std::shared_ptr<WaitingRuntime> wait(std::uint64_t connection);
  /// Forgets those whose connection has ended.
  void drop_lost(const std::function<bool(std::uint64_t)>& connected);
  /// Nobody gets an event any more.
  void release_all();

  std::size_t idle() const noexcept { return idle_.size(); }
  std::size_t running() const noexcept { return running_.size(); }
  /// Runtimes that have answered and have not come back for their next event.
  std::size_t returning() const noexcept { return returning_; }
  /// Whether one more invocation finds a runtime.
  bool takes() const noexcept { return !idle_.empty() && running_.size() < most_; }

  /// Gives it to the runtime that has waited longest.
  BeginCheck begin(const std::string& request_id);
  /// A response of its begins to come.
  PostCheck respond(std::string_view request_id);
  /// So does an error: also in the middle of a response, which it ends.
  PostCheck fail(std::string_view request_id);
  /// Its caller has its answer.
  void finish(std::string_view request_id);
  /// Its time is up; the runtime that works on it goes on, and is told when it posts.
  void time_out(std::string_view request_id);

 private:
  enum class Progress : std::uint8_t { NoResponse, Response, Error };
  /// Ids of invocations that timed out and that nobody has posted yet.
  static constexpr std::size_t most_timed_out = 4096;

  PostCheck unknown(std::string_view request_id);

  const std::size_t most_;
  std::deque<std::shared_ptr<WaitingRuntime>> idle_;
  std::map<std::string, Progress, std::less<>> running_;
  std::deque<std::string> timed_out_;
  std::size_t returning_ = 0;
};

}  // namespace aviary::execution
