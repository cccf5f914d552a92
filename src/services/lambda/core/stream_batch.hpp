#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/event_sources.hpp"
#include "services/lambda/core/messenger.hpp"
#include "services/lambda/core/stream_checkpoints.hpp"

/// What a stream's poller decides, without doing any of it.
namespace aviary::lambda {

/// Which of `count` lanes a partition key's records go through.
std::size_t lane_of(std::string_view partition_key, std::size_t count);

/// The tumbling window that a record belongs to, by when it arrived; windows begin with the epoch.
WindowState window_of(Instant arrived, int seconds);

/// How many of what waits go into the next event: no more than the batch size and 6 MB, and none of a later
/// window. `full`: waiting longer would add none.
struct Cut {
  std::size_t count = 0;
  bool full = false;
};
Cut cut_batch(const std::deque<StreamRecord>& waiting, std::size_t batch_size,
              const std::optional<WindowState>& window);

/// Records at the front that are older than the mapping wants them.
std::size_t expired_count(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                          Instant now);

/// What comes of a batch after the function ran.
struct Verdict {
  enum class Next : std::uint8_t {
    Done,     ///< all of it is done with
    Retry,    ///< the rest again, after a while
    Wait,     ///< the rest again, after a while; this was no attempt
    Bisect,   ///< the rest in two halves
    Discard,  ///< the rest is given up
  };
  Next next = Next::Done;
  std::size_t done = 0;   ///< records at the front that need not come again
  std::string problem{};  ///< what went wrong, for humans
  std::string state{};    ///< of the window from now on, JSON
  bool state_too_big = false;
};
/// `attempts`: how often the records were tried before. `in_window`: the function answers with a state.
Verdict judge_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                    const BatchOutcome& outcome, int attempts, bool in_window);

/// How long a batch waits for its next attempt.
Duration retry_pause(int attempts);

/// The event of a batch; with a window, what stands beside the records.
struct WindowFacts {
  const WindowState* window;
  std::string_view shard;
  bool final = false;
  bool early = false;  ///< it ends before its time
};
std::string stream_event(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                         std::string_view role, const std::optional<WindowFacts>& window);

/// What OnFailure destinations hear of records that were given up.
struct GivenUp {
  std::string_view shard;
  std::string_view condition;  ///< `RetryAttemptsExhausted`, `RecordAgeExceeded`
  int invokes = 0;
  const BatchOutcome* last = nullptr;  ///< null: it never ran
  std::string_view payload;            ///< the event; buckets get it whole
};
OutgoingMessage failure_message(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                                const GivenUp& given_up, Instant now, std::string_view id);

}  // namespace aviary::lambda
