#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/event_sources.hpp"
#include "services/lambda/core/messenger.hpp"
#include "services/lambda/core/stream_source.hpp"

/// How a batch goes on after the function ran, the same for streams and for topics of Kafka: again, in
/// halves, or given up.
namespace aviary::lambda {

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
  std::vector<bool> done{};  ///< of each record: it need not come again
  std::string problem{};     ///< what went wrong, for humans
  std::string state{};       ///< of the window from now on, JSON
  bool state_too_big = false;
};

/// What is next for a batch of which `verdict.done` says how much is left. `attempts`: how often the records
/// were tried before.
void judge_rest(Verdict& verdict, const EventSourceMapping& mapping, int attempts);

/// The function was not there to run: the batch waits, and nobody has tried it.
bool never_ran(const BatchOutcome& outcome);

/// How long a batch waits for its next attempt.
Duration retry_pause(int attempts);

/// Records that go to the function together.
struct BatchPart {
  std::vector<StreamRecord> records{};
  int attempts = 0;
  int invokes = 0;
  int waits = 0;
  bool final = false;  ///< of a window; without records
  bool early = false;  ///< it ends before its time
  std::optional<BatchOutcome> last{};

  /// Takes out those at the front that are older than the mapping wants them.
  std::vector<StreamRecord> take_expired(const EventSourceMapping& mapping, Instant now);
};

/// What is left of one batch, in the order in which it goes on.
class BatchParts {
 public:
  explicit BatchParts(BatchPart whole) { parts_.push_back(std::move(whole)); }

  bool empty() const noexcept { return parts_.empty(); }
  std::span<const BatchPart> left() const noexcept { return parts_; }
  BatchPart next();
  void put_first(BatchPart part) { parts_.push_back(std::move(part)); }
  /// Puts back what the verdict wants to come again. How long it has to wait; nothing: it has not.
  std::optional<Duration> go_on(BatchPart part, const Verdict& verdict);

 private:
  std::vector<BatchPart> parts_;  ///< the last one is next
};

/// What OnFailure destinations hear of records that were given up.
struct GivenUp {
  std::string_view shard;
  std::string_view condition;  ///< `RetryAttemptsExhausted`, `RecordAgeExceeded`
  int invokes = 0;
  const BatchOutcome* last = nullptr;  ///< null: it never ran
  std::string_view payload;            ///< the event; buckets get it whole
};
/// What all records of failures begin with. Of Kafka's a `responseContext` is there and null where the
/// function never ran; of streams' it is not there.
OrderedJson failure_head(const EventSourceMapping& mapping, const GivenUp& given_up, Instant now,
                         std::string_view id);
/// The message with such a record. `place`: the shard or partition, for the key under which buckets keep it.
OutgoingMessage failure_envelope(const EventSourceMapping& mapping, OrderedJson record,
                                 const GivenUp& given_up, std::string_view place, Instant now,
                                 std::string_view id);

}  // namespace aviary::lambda
