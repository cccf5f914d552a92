#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/judged_batch.hpp"
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

/// What comes of a batch after the function ran.
/// `attempts`: how often the records were tried before. `in_window`: the function answers with a state.
Verdict judge_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                    const BatchOutcome& outcome, int attempts, bool in_window);

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
OutgoingMessage failure_message(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                                const GivenUp& given_up, Instant now, std::string_view id);

}  // namespace aviary::lambda
