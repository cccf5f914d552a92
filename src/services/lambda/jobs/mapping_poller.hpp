#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/event_sources.hpp"
#include "services/lambda/core/judged_batch.hpp"

namespace aviary::lambda {

/// What became of a mapping's records so far.
struct PollerCounts {
  std::uint64_t batches = 0;
  std::uint64_t records = 0;   ///< that the function was given, each time counted
  std::uint64_t filtered = 0;  ///< consumed without the function
  std::uint64_t failed = 0;    ///< batches that failed, in part or as a whole
  std::uint64_t throttled = 0;
  std::uint64_t discarded = 0;  ///< records of streams that were given up
  std::size_t batches_in_flight = 0;
  std::size_t records_in_flight = 0;
  std::optional<Instant> last_at{};  ///< when the last batch ended
  std::size_t last_size = 0;
  std::string last_version{};
  std::string last_error{};  ///< stays until the next
  std::string last_result = "No records processed";

  /// A batch goes to the function, and comes back from it.
  void given(std::size_t size) {
    ++batches_in_flight;
    records_in_flight += size;
  }
  void back(std::size_t size) {
    --batches_in_flight;
    records_in_flight -= size;
  }
  /// The function has answered for a batch.
  void ran(std::size_t size, const BatchOutcome& outcome, Instant now) {
    ++batches;
    records += size;
    last_at = now;
    last_size = size;
    if (!outcome.version.empty()) last_version = outcome.version;
  }
  void fail(std::string result, std::string error) {
    ++failed;
    last_result = std::move(result);
    last_error = std::move(error);
  }
  /// As AWS words it when the function failed or was not there.
  void fail(const BatchOutcome& outcome) {
    fail(outcome.kind == BatchOutcome::Kind::Failed ? std::string("PROBLEM: Function call failed")
                                                    : "PROBLEM: " + outcome.problem,
         outcome.problem);
  }
  /// What came of part of a batch of a stream or a topic. The part keeps the outcome.
  void judged(BatchPart& part, BatchOutcome outcome, const Verdict& verdict, Instant now) {
    if (verdict.next == Verdict::Next::Wait) {
      if (outcome.kind == BatchOutcome::Kind::Throttled)
        ++throttled;
      else
        fail(outcome);
    } else {
      ++part.invokes;
      ran(part.records.size(), outcome, now);
      if (verdict.next == Verdict::Next::Done)
        last_result = "OK";
      else if (outcome.kind == BatchOutcome::Kind::Done)
        fail("PROBLEM: Function call failed", verdict.problem);
      else
        fail(outcome);
    }
    part.last = std::move(outcome);
  }
};

/// Works for one mapping: takes from its source, runs the function, settles what came of it. Held by the
/// engine and by its own tasks; `stop` lets what runs finish and takes nothing new.
class MappingPoller {
 public:
  virtual ~MappingPoller() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  /// The mapping is gone: how far it came is of no interest any more.
  virtual void abandon() { stop(); }
  /// New settings hold from the next batch on.
  virtual void update(EventSourceMapping mapping) = 0;
  /// What is special about this kind of source, for the report: its lag, …
  virtual void describe(Json& row, Instant now) const = 0;
  const PollerCounts& counts() const noexcept { return counts_; }

 protected:
  PollerCounts counts_;
};

}  // namespace aviary::lambda
