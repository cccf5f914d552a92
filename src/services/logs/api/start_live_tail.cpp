#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {

Result<Reply> LogsService::start_live_tail(Call& call) {
  LiveTail::Wanted wanted{.scope = scope_of(call),
                          .groups = {},
                          .streams = texts_of(call.input, "logStreamNames"),
                          .prefixes = texts_of(call.input, "logStreamNamePrefixes"),
                          .pattern = {}};
  const std::vector<std::string> identifiers = texts_of(call.input, "logGroupIdentifiers");
  if (!wanted.streams.empty() && !wanted.prefixes.empty())
    return invalid_parameter("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  if (identifiers.size() > 1 && (!wanted.streams.empty() || !wanted.prefixes.empty()))
    return invalid_parameter(
        "logStreamNames and logStreamNamePrefixes can only be specified with a single log group.");
  for (const std::string& identifier : identifiers) {
    // "Specify each log group by its ARN."
    if (!identifier.starts_with("arn:") || identifier.ends_with("*"))
      return invalid_parameter("Invalid log group ARN: " + identifier);
    wanted.groups.emplace_back(name_in(identifier));
    if (!store_.find_group(wanted.scope, wanted.groups.back())) return group_not_found();
  }
  const std::string& text = text_of(call.input, "logEventFilterPattern");
  Result<FilterPattern> pattern = FilterPattern::parse(text);
  if (!pattern) return pattern.error();
  wanted.pattern = std::move(*pattern);
  if (live_tail_.sessions() >= LiveTail::most_sessions) return limit_exceeded();

  Json start{{"requestId", call.request_id},
             {"sessionId", ids_.uuid()},
             {"logGroupIdentifiers", identifiers},
             {"logStreamNames", wanted.streams},
             {"logStreamNamePrefixes", wanted.prefixes},
             {"logEventFilterPattern", text}};
  Reply reply;
  reply.stream = live_tail_.open(std::move(wanted), start);
  return reply;
}

}  // namespace aviary::logs
