#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/payload.hpp"

namespace aviary::logs {
namespace {

Json describe(const LogStream& stream) {
  const LogGroup& group = *stream.group;
  Json row{{"logStreamName", stream.name},
           {"creationTime", stream.created},
           {"arn", fmt::format("{}:log-stream:{}", group_arn(group.scope, group.name), stream.name)},
           // "As of June 17, 2019, this parameter is no longer supported for log streams, and is always
           // reported as zero." (API reference, LogStream)
           {"storedBytes", 0}};
  if (stream.last_event) {
    row["firstEventTimestamp"] = *stream.first_event;
    row["lastEventTimestamp"] = *stream.last_event;
    row["lastIngestionTime"] = *stream.last_ingestion;
    row["uploadSequenceToken"] = event_id({*stream.last_ingestion, stream.id});
  }
  return row;
}

/// Where a stream stands when they are ordered by the time of their last event.
using ByTime = std::pair<Millis, std::string>;

std::optional<ByTime> parse_by_time(std::string_view token) {
  ByTime place;
  const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), place.first);
  if (failed != std::errc{} || end == token.data() + token.size() || *end != ' ') return std::nullopt;
  place.second = token.substr(static_cast<std::size_t>(end - token.data()) + 1);
  return place;
}

}  // namespace

Result<Reply> LogsService::create_log_stream(Call& call) {
  const std::string& name = text_of(call.input, "logStreamName");
  if (const Result<> fits = check_name(name); !fits) return fits.error();
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  if (!store_.create_stream(**group, name, to_millis(call.now)))
    return AwsError(models::logs::errors::ResourceAlreadyExistsException,
                    "The specified log stream already exists");
  return Reply{};
}

Result<Reply> LogsService::delete_log_stream(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  LogStream* stream = store_.find_stream(**group, text_of(call.input, "logStreamName"));
  if (!stream) return stream_not_found();
  store_.erase_stream(*stream);
  return Reply{};
}

Result<Reply> LogsService::describe_log_streams(Call& call) {
  const std::string& prefix = text_of(call.input, "logStreamNamePrefix");
  const bool by_time = text_of(call.input, "orderBy") == "LastEventTime";
  const bool descending = flag_of(call.input, "descending");
  if (by_time && !prefix.empty())
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  store_.expire(**group, to_millis(call.now));

  std::vector<std::pair<ByTime, const LogStream*>> streams;
  const auto& all = (*group)->streams;
  for (auto next = all.lower_bound(prefix); next != all.end() && next->first.starts_with(prefix); ++next) {
    const Millis time = by_time ? next->second->last_event.value_or(0) : 0;
    streams.push_back({{time, next->first}, next->second.get()});
  }
  const auto earlier = [descending](const ByTime& a, const ByTime& b) { return descending ? a > b : a < b; };
  if (by_time || descending) std::ranges::sort(streams, earlier, &std::pair<ByTime, const LogStream*>::first);
  auto first = streams.begin();
  if (*after) {
    const std::optional<ByTime> place = parse_by_time(**after);
    if (!place) return invalid_token();
    first = std::ranges::upper_bound(streams, *place, earlier, &std::pair<ByTime, const LogStream*>::first);
  }

  Reply reply;
  Json& rows = reply.output["logStreams"] = Json::array();
  const std::size_t size = page_size_of(call.input);
  for (auto next = first; next != streams.end(); ++next) {
    if (rows.size() == size) {
      const ByTime& last = std::prev(next)->first;
      reply.output["nextToken"] = token_after(fmt::format("{} {}", last.first, last.second));
      break;
    }
    rows.push_back(describe(*next->second));
  }
  return reply;
}

}  // namespace aviary::logs
