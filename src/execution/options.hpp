#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace aviary::lambda {
struct Version;
}

namespace aviary::execution {

/// What a function's own calls are signed with.
struct FunctionKeys {
  std::string access_key_id;
  std::string secret;
  std::string session_token;
};

/// What the composition root decides about running functions. Times are real ones (`Stopwatch`).
struct Options {
  /// Where code that runs here finds the emulator: AWS_ENDPOINT_URL. Empty: not set.
  std::string base_url;
  /// Invocations of one account and region at once; beyond it 429 ConcurrentInvocationLimitExceeded.
  std::size_t account_concurrency = 1000;
  /// Environments in all, whatever their function; see `environments_for_memory`.
  std::size_t max_environments = 250;
  /// How long an invocation waits for an environment to become free once `max_environments` are busy.
  std::chrono::nanoseconds room_wait = std::chrono::seconds{10};
  /// Processes being started at once; 2 for each core is a good measure.
  std::size_t concurrent_starts = 4;
  /// How long a starting process may hold others back. An init that sleeps does not use a core.
  std::chrono::nanoseconds start_hold = std::chrono::milliseconds{500};
  /// Lambda's limit on the first init of an on-demand environment.
  std::chrono::nanoseconds init_timeout = std::chrono::seconds{10};
  /// An idle environment ends after this long.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes{10};
  /// Processes are stopped once idle for this long, so that a busy environment never pays for it; nothing:
  /// never.
  std::optional<std::chrono::nanoseconds> freeze_after = std::chrono::milliseconds{200};
  /// Accept a neighbouring version of an interpreter (with a warning in the function's log).
  bool allow_neighbour_runtime = true;
  /// What code may be built for, as `Architectures` names it; empty: anything.
  std::vector<std::string> architectures{};
  /// The image whose containers run packages for this runtime; empty, or without it: our own sandboxes do.
  std::function<std::string(std::string_view runtime)> container_image{};
  /// The keys of a version's role; without it those of its account, which may do everything.
  std::function<FunctionKeys(const lambda::Version&)> keys{};
  /// What the time is for the functions' own processes, whose clock is always the real one. Without it,
  /// `Clock::now`.
  std::function<Instant()> process_time;
  /// Called when some environments have come to rest and nothing runs: what they needed while they ran can be
  /// given back.
  std::function<void()> rested{};
};

/// A cap on environments for a machine with so many bytes of memory: half of it, at 48 MiB an environment (a
/// Python or Node runtime with a small function), at least 16.
inline std::size_t environments_for_memory(std::uint64_t bytes) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(bytes / 2 / (48ULL << 20)), 16, 1000);
}

}  // namespace aviary::execution
