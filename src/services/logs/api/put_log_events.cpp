#include <fmt/format.h>

#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/payload.hpp"

namespace aviary::logs {
namespace {

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
constexpr std::size_t event_overhead = 26;
constexpr std::size_t largest_event = 1 << 20;
constexpr std::size_t largest_batch = 1 << 20;
constexpr Millis oldest = 14 * day;
constexpr Millis newest = 2 * 3'600'000;
constexpr Millis longest_span = day;

struct InputEvent {
  Millis timestamp;
  const std::string* message;
};

std::vector<InputEvent> read(const Json& events) {
  std::vector<InputEvent> read;
  read.reserve(events.size());
  for (const Json& event : events)
    read.push_back({event.at("timestamp").get<Millis>(), &event.at("message").get_ref<const std::string&>()});
  return read;
}

/// What a batch has to be as a whole; else none of it is taken.
Result<> check(const std::vector<InputEvent>& events) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0 && events[i].timestamp < events[i - 1].timestamp)
      return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.");
    const std::size_t size = events[i].message->size() + event_overhead;
    if (size > largest_event)
      return invalid_parameter(
          fmt::format("Log event too large: {} bytes exceeds limit of {}", size, largest_event));
    bytes += size;
  }
  if (bytes > largest_batch)
    return invalid_parameter(
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, largest_batch));
  return {};
}

}  // namespace

Result<Reply> LogsService::put_log_events(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  const std::string& name = text_of(call.input, "logStreamName");
  if (const Result<> fits = check_name(name); !fits) return fits.error();
  LogStream* stream = store_.find_stream(**group, name);
  if (!stream) return stream_not_found();
  const std::vector<InputEvent> events = read(call.input.at("logEvents"));
  if (const Result<> fits = check(events); !fits) return fits.error();

  const Millis now = to_millis(call.now);
  const auto end_of = [&events](Millis bound) {
    std::size_t index = 0;
    while (index < events.size() && events[index].timestamp < bound) ++index;
    return index;
  };
  const std::size_t too_old = end_of(now - oldest);
  const std::size_t expired = end_of((*group)->cutoff(now));
  const std::size_t first = std::max(too_old, expired);
  const std::size_t last = std::max(first, end_of(now + newest + 1));
  if (first < last && events[last - 1].timestamp - events[first].timestamp > longest_span)
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");

  for (std::size_t i = first; i < last; ++i)
    take_in(*stream, events[i].timestamp, now, *events[i].message, true);
  store_.flush();
  Reply reply;
  reply.output["nextSequenceToken"] = event_id({now, stream->id});
  Json rejected = Json::object();
  if (too_old > 0) rejected["tooOldLogEventEndIndex"] = too_old;
  if (expired > too_old) rejected["expiredLogEventEndIndex"] = expired;
  if (last < events.size()) rejected["tooNewLogEventStartIndex"] = last;
  if (!rejected.empty()) reply.output["rejectedLogEventsInfo"] = std::move(rejected);
  return reply;
}

}  // namespace aviary::logs
