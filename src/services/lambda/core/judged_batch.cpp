#include "services/lambda/core/judged_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {

void judge_rest(Verdict& verdict, const EventSourceMapping& mapping, int attempts) {
  using Next = Verdict::Next;
  // Who comes on has the whole number of attempts before it again.
  const bool partly = std::ranges::find(verdict.done, true) != verdict.done.end();
  if (mapping.bisects && verdict.done.size() > 1 && !partly)
    verdict.next = Next::Bisect;
  else if (mapping.maximum_retries >= 0 && attempts >= mapping.maximum_retries && !partly)
    verdict.next = Next::Discard;
  else
    verdict.next = Next::Retry;
}

bool never_ran(const BatchOutcome& outcome) {
  return outcome.kind == BatchOutcome::Kind::Throttled || outcome.kind == BatchOutcome::Kind::Refused;
}

Duration retry_pause(int attempts) {
  // AWS backs off and does not say how: from half a second on, no more than half a minute.
  return std::min<Duration>(std::chrono::milliseconds(500) * (1LL << std::clamp(attempts, 0, 10)),
                            std::chrono::seconds(30));
}

std::vector<StreamRecord> BatchPart::take_expired(const EventSourceMapping& mapping, Instant now) {
  std::vector<StreamRecord> old;
  if (mapping.maximum_record_age < 0) return old;
  const Duration age = std::chrono::seconds(mapping.maximum_record_age);
  const auto young =
      std::ranges::find_if(records, [&](const StreamRecord& record) { return now - record.arrived <= age; });
  old.assign(std::make_move_iterator(records.begin()), std::make_move_iterator(young));
  records.erase(records.begin(), young);
  return old;
}

BatchPart BatchParts::next() {
  BatchPart part = std::move(parts_.back());
  parts_.pop_back();
  return part;
}

std::optional<Duration> BatchParts::go_on(BatchPart part, const Verdict& verdict) {
  using Next = Verdict::Next;
  if (verdict.next == Next::Done || verdict.next == Next::Discard) return std::nullopt;
  if (verdict.next == Next::Bisect) {
    const auto half = static_cast<std::ptrdiff_t>(part.records.size() / 2);
    BatchPart second = part;
    second.records.erase(second.records.begin(), second.records.begin() + half);
    part.records.erase(part.records.begin() + half, part.records.end());
    parts_.push_back(std::move(second));
    parts_.push_back(std::move(part));
    return std::nullopt;
  }
  std::vector<StreamRecord> left;
  for (std::size_t i = 0; i < part.records.size(); ++i)
    if (!verdict.done[i]) left.push_back(std::move(part.records[i]));
  const bool came_on = left.size() < part.records.size();
  part.records = std::move(left);
  const bool waits = verdict.next == Next::Wait;
  if (waits)
    ++part.waits;
  else
    part.attempts = came_on ? 0 : part.attempts + 1;
  const Duration pause = retry_pause((waits ? part.waits : part.attempts) - 1);
  parts_.push_back(std::move(part));
  return pause;
}

OrderedJson failure_head(const EventSourceMapping& mapping, const GivenUp& given_up, Instant now,
                         std::string_view id) {
  OrderedJson record;
  const BatchOutcome* last = given_up.last;
  record["requestContext"] = {{"requestId", last != nullptr ? last->request_id : std::string(id)},
                              {"functionArn", mapping.function_arn()},
                              {"condition", given_up.condition},
                              {"approximateInvokeCount", given_up.invokes}};
  if (last != nullptr) {
    record["responseContext"] = {{"statusCode", 200}, {"executedVersion", last->version}};
    record["responseContext"]["functionError"] =
        last->function_error.empty() ? "Unhandled" : last->function_error;
  } else if (mapping.kind() == SourceKind::Kafka) {
    record["responseContext"] = nullptr;
  }
  record["version"] = "1.0";
  record["timestamp"] = iso8601(now, 3);
  return record;
}

OutgoingMessage failure_envelope(const EventSourceMapping& mapping, OrderedJson record,
                                 const GivenUp& given_up, std::string_view place, Instant now,
                                 std::string_view id) {
  // Buckets get the records, too.
  if (mapping.on_failure.find(":s3:") != std::string::npos) record["payload"] = given_up.payload;
  OutgoingMessage message{.from = mapping.scope, .target = mapping.on_failure, .body = dumped(record)};
  const std::string at = iso8601(now, 0);
  std::string time = at.substr(0, 19);
  time[13] = time[16] = '.';
  message.object_key = fmt::format("aws/lambda/{}/{}/{}/{}/{}/{}-{}", mapping.uuid, place, at.substr(0, 4),
                                   at.substr(5, 2), at.substr(8, 2), time, id);
  return message;
}

}  // namespace aviary::lambda
