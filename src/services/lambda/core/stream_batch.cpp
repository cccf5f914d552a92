#include "services/lambda/core/stream_batch.hpp"

#include <algorithm>
#include <utility>

#include "base/bounded_json.hpp"
#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t window_state_at_most = 1024 * 1024;

}  // namespace

std::size_t lane_of(std::string_view partition_key, std::size_t count) {
  // FNV-1a: the same on every machine.
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : partition_key) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return count < 2 ? 0 : static_cast<std::size_t>(hash % count);
}

WindowState window_of(Instant arrived, int seconds) {
  const auto width = std::chrono::seconds(std::max(seconds, 1));
  const auto since = std::chrono::floor<std::chrono::seconds>(arrived.time_since_epoch());
  WindowState window;
  window.start = Instant(since - since % width);
  window.end = window.start + width;
  return window;
}

Cut cut_batch(const std::deque<StreamRecord>& waiting, std::size_t batch_size,
              const std::optional<WindowState>& window) {
  Cut cut;
  std::size_t bytes = event_envelope_bytes + (window ? window->state.size() : 0);
  for (const StreamRecord& record : waiting) {
    if (cut.count == batch_size || (window && record.arrived >= window->end)) {
      cut.full = true;
      break;
    }
    const std::size_t size = record.bytes + 1;
    // A record that is too big by itself goes alone: whether it is taken is the function's side to say.
    if (cut.count > 0 && bytes + size > event_bytes_at_most) {
      cut.full = true;
      break;
    }
    bytes += size;
    ++cut.count;
  }
  cut.full = cut.full || cut.count == batch_size;
  return cut;
}

namespace {

/// Where the function says that it has stopped: everything before is done. Nothing: its answer makes no
/// sense.
std::optional<std::size_t> first_failed(std::span<const StreamRecord> batch, std::string_view answer) {
  std::vector<std::string> ids;
  ids.reserve(batch.size());
  for (const StreamRecord& record : batch) ids.push_back(record.sequence_number);
  const auto failed = failed_items(answer, ids);
  if (!failed) return std::nullopt;
  std::size_t first = batch.size();
  for (std::size_t i = 0; i < batch.size() && first == batch.size(); ++i)
    if (std::ranges::find(*failed, ids[i]) != failed->end()) first = i;
  return first;
}

/// The `state` of a TimeWindowEventResponse; nothing if there is none.
std::optional<std::string> state_in(std::string_view answer) {
  const Json document = parse_bounded<Json>(answer);
  if (!document.is_object()) return std::nullopt;
  const auto state = document.find("state");
  if (state == document.end() || !state->is_object()) return std::nullopt;
  return state->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Verdict judge_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                    const BatchOutcome& outcome, int attempts, bool in_window) {
  using Next = Verdict::Next;
  Verdict verdict{.done = std::vector<bool>(batch.size(), false), .problem = outcome.problem};
  if (never_ran(outcome)) {
    verdict.next = Next::Wait;
    return verdict;
  }
  if (outcome.kind == BatchOutcome::Kind::Done) {
    std::optional<std::size_t> done = batch.size();
    if (mapping.reports_failures) done = first_failed(batch, outcome.payload);
    if (!done) verdict.problem = "the function's batchItemFailures make no sense";
    if (in_window) {
      std::optional<std::string> state = state_in(outcome.payload);
      if (!state) {
        done.reset();
        verdict.problem = "the function's answer has no state";
      } else {
        verdict.state_too_big = state->size() > window_state_at_most;
        verdict.state = std::move(*state);
      }
    }
    std::fill_n(verdict.done.begin(), done.value_or(0), true);
    if (done == batch.size()) return verdict;
    if (verdict.problem.empty()) verdict.problem = "some of the batch's items failed";
  }
  judge_rest(verdict, mapping, attempts);
  return verdict;
}

std::string stream_event(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                         std::string_view role, const std::optional<WindowFacts>& window) {
  OrderedJson event;
  OrderedJson& records = event["Records"] = OrderedJson::array();
  for (const StreamRecord& record : batch) {
    records.push_back(record.event);
    OrderedJson& placed = records.back();
    if (placed.contains("invokeIdentityArn")) placed["invokeIdentityArn"] = role;
  }
  if (window) {
    event["window"] = {{"start", iso8601(window->window->start, 0)},
                       {"end", iso8601(window->window->end, 0)}};
    event["state"] = parse_bounded<OrderedJson>(window->window->state);
    event["shardId"] = window->shard;
    event["eventSourceARN"] = mapping.source;
    event["isFinalInvokeForWindow"] = window->final;
    event["isWindowTerminatedEarly"] = window->early;
  }
  return dumped(event);
}

/// https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
OutgoingMessage failure_message(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                                const GivenUp& given_up, Instant now, std::string_view id) {
  OrderedJson record = failure_head(mapping, given_up, now, id);
  record[mapping.kind() == SourceKind::DynamoDb ? "DDBStreamBatchInfo" : "KinesisBatchInfo"] = {
      {"shardId", given_up.shard},
      {"startSequenceNumber", batch.front().sequence_number},
      {"endSequenceNumber", batch.back().sequence_number},
      {"approximateArrivalOfFirstRecord", iso8601(batch.front().arrived, 3)},
      {"approximateArrivalOfLastRecord", iso8601(batch.back().arrived, 3)},
      {"batchSize", batch.size()},
      {"streamArn", mapping.source}};
  return failure_envelope(mapping, std::move(record), given_up, given_up.shard, now, id);
}

}  // namespace aviary::lambda
