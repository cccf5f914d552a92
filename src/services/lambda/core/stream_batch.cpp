#include "services/lambda/core/stream_batch.hpp"

#include <fmt/format.h>

#include <algorithm>

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

std::size_t expired_count(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                          Instant now) {
  if (mapping.maximum_record_age < 0) return 0;
  const Duration age = std::chrono::seconds(mapping.maximum_record_age);
  std::size_t count = 0;
  while (count < batch.size() && now - batch[count].arrived > age) ++count;
  return count;
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
  const Json document = Json::parse(answer, nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto state = document.find("state");
  if (state == document.end() || !state->is_object()) return std::nullopt;
  return state->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Verdict judge_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                    const BatchOutcome& outcome, int attempts, bool in_window) {
  using Next = Verdict::Next;
  Verdict verdict;
  if (outcome.kind == BatchOutcome::Kind::Throttled || outcome.kind == BatchOutcome::Kind::Refused) {
    verdict.next = Next::Wait;
    verdict.problem = outcome.problem;
    return verdict;
  }
  verdict.problem = outcome.problem;
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
    verdict.done = done.value_or(0);
    if (done == batch.size()) return verdict;
    if (verdict.problem.empty()) verdict.problem = "some of the batch's items failed";
  }
  // A split is no attempt of its own.
  const bool partly = verdict.done > 0;
  if (mapping.bisects && batch.size() - verdict.done > 1 && !partly)
    verdict.next = Next::Bisect;
  else if (mapping.maximum_retries >= 0 && attempts >= mapping.maximum_retries && !partly)
    verdict.next = Next::Discard;
  else
    verdict.next = Next::Retry;
  return verdict;
}

Duration retry_pause(int attempts) {
  // AWS backs off and does not say how: from half a second on, no more than half a minute.
  return std::min<Duration>(std::chrono::milliseconds(500) * (1LL << std::clamp(attempts, 0, 10)),
                            std::chrono::seconds(30));
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
    event["state"] = OrderedJson::parse(window->window->state, nullptr, false);
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
  const std::string function = mapping.function_arn();
  OrderedJson record;
  record["requestContext"] = {{"requestId", given_up.last ? given_up.last->request_id : std::string(id)},
                              {"functionArn", function},
                              {"condition", given_up.condition},
                              {"approximateInvokeCount", given_up.invokes}};
  if (given_up.last != nullptr) {
    record["responseContext"] = {{"statusCode", 200}, {"executedVersion", given_up.last->version}};
    record["responseContext"]["functionError"] =
        given_up.last->function_error.empty() ? "Unhandled" : given_up.last->function_error;
  }
  record["version"] = "1.0";
  record["timestamp"] = iso8601(now, 3);
  record[mapping.kind() == SourceKind::DynamoDb ? "DDBStreamBatchInfo" : "KinesisBatchInfo"] = {
      {"shardId", given_up.shard},
      {"startSequenceNumber", batch.front().sequence_number},
      {"endSequenceNumber", batch.back().sequence_number},
      {"approximateArrivalOfFirstRecord", iso8601(batch.front().arrived, 3)},
      {"approximateArrivalOfLastRecord", iso8601(batch.back().arrived, 3)},
      {"batchSize", batch.size()},
      {"streamArn", mapping.source}};
  // Buckets get the records, too.
  if (mapping.on_failure.find(":s3:") != std::string::npos) record["payload"] = given_up.payload;
  OutgoingMessage message{.from = mapping.scope, .target = mapping.on_failure, .body = dumped(record)};
  const std::string at = iso8601(now, 0);
  std::string time = at.substr(0, 19);
  time[13] = time[16] = '.';
  message.object_key = fmt::format("aws/lambda/{}/{}/{}/{}/{}/{}-{}", mapping.uuid, given_up.shard,
                                   at.substr(0, 4), at.substr(5, 2), at.substr(8, 2), time, id);
  return message;
}

}  // namespace aviary::lambda
