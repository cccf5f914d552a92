#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "wire/protocol.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_groups = 50;
constexpr std::size_t most_running = 30;
constexpr std::size_t rows_unless_told = 10'000;

std::string_view name_of(InsightsQuery::Status status) {
  switch (status) {
    case InsightsQuery::Status::Running:
      return "Running";
    case InsightsQuery::Status::Complete:
      return "Complete";
    case InsightsQuery::Status::Cancelled:
      return "Cancelled";
  }
  return "Unknown";
}

/// "The number of seconds since January 1, 1970"; milliseconds are understood as well.
Millis query_time(std::int64_t given) {
  constexpr std::int64_t seconds_at_most = 100'000'000'000;
  return given > seconds_at_most ? given : given * 1000;
}

/// The groups that one of the three members names, each once.
Result<std::vector<std::string>> groups_of(LogStore& store, const Call& call) {
  std::vector<std::string> names;
  int members = 0;
  if (const std::string& name = text_of(call.input, "logGroupName"); !name.empty()) {
    names.push_back(name);
    ++members;
  }
  for (const char* member : {"logGroupNames", "logGroupIdentifiers"}) {
    const Json* list = find_member(call.input, member);
    if (!list) continue;
    ++members;
    for (const Json& each : *list) {
      std::string name(name_in(each.get_ref<const std::string&>()));
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
  }
  // "A StartQuery operation must include exactly one of the following parameters".
  if (members != 1 || names.empty())
    return invalid_parameter(
        "Exactly one of logGroupName, logGroupNames or logGroupIdentifiers must be specified.");
  if (names.size() > most_groups)
    return invalid_parameter(fmt::format("At most {} log groups can be queried at once.", most_groups));
  for (const std::string& name : names)
    if (!store.find_group(scope_of(call), name)) return group_not_found();
  return names;
}

AwsError query_not_found(const std::string& id) {
  return not_found(fmt::format("Query {} does not exist.", id));
}

}  // namespace

Result<Reply> LogsService::start_query(Call& call) {
  const std::string& language = text_of(call.input, "queryLanguage");
  if (!language.empty() && language != "CWLI")
    return AwsError(wire::errors::NotImplemented,
                    fmt::format("Queries in {} are not part of Aviary yet.", language));
  Result<std::vector<std::string>> groups = groups_of(store_, call);
  if (!groups) return groups.error();
  const Millis from = query_time(number_of(call.input, "startTime").value_or(0));
  const Millis end = query_time(number_of(call.input, "endTime").value_or(0));
  if (from > end) return invalid_parameter("End time should not be before start time.");
  const std::string& text = text_of(call.input, "queryString");
  std::variant<insights::Query, insights::QueryProblem> query =
      insights::parse_query(text, {to_millis(call.now)});
  if (const auto* problem = std::get_if<insights::QueryProblem>(&query))
    return AwsError(models::logs::errors::MalformedQueryException, problem->text);
  if (queries_.running() >= most_running)
    return AwsError(models::logs::errors::LimitExceededException,
                    fmt::format("Account maximum query concurrency of [{}] reached.", most_running));
  const auto limit = static_cast<std::size_t>(number_of(call.input, "limit").value_or(rows_unless_told));
  InsightsRange range{std::move(*groups), from, end + (end % 1000 == 0 ? 1000 : 1)};
  Reply reply;
  reply.output["queryId"] =
      queries_.start(scope_of(call), std::move(range), text, std::get<insights::Query>(std::move(query)),
                     limit, to_millis(call.now));
  return reply;
}

Result<Reply> LogsService::get_query_results(Call& call) {
  const std::string& id = text_of(call.input, "queryId");
  const InsightsQuery* query = queries_.find(scope_of(call), id);
  if (!query) return query_not_found(id);
  const std::vector<insights::ResultRow>& found = query->results;
  std::size_t first = 0;
  if (const std::string& token = text_of(call.input, "nextToken"); !token.empty()) {
    const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), first);
    if (failed != std::errc{} || end != token.data() + token.size() || first > found.size())
      return invalid_token();
  }
  const auto size = static_cast<std::size_t>(number_of(call.input, "maxItems").value_or(rows_unless_told));
  const std::size_t last = std::min(found.size(), first + std::max<std::size_t>(size, 1));
  Reply reply;
  reply.output["queryLanguage"] = "CWLI";
  reply.output["status"] = name_of(query->status);
  Json& rows = reply.output["results"] = Json::array();
  for (std::size_t i = first; i < last; ++i) {
    Json& row = rows.emplace_back(Json::array());
    for (const auto& [field, value] : found[i]) row.push_back({{"field", field}, {"value", value}});
  }
  if (last < found.size()) reply.output["nextToken"] = std::to_string(last);
  reply.output["statistics"] = {{"recordsMatched", static_cast<double>(query->matched)},
                                {"recordsScanned", static_cast<double>(query->scanned)},
                                {"estimatedRecordsSkipped", 0.0},
                                {"bytesScanned", static_cast<double>(query->scanned_bytes)},
                                {"estimatedBytesSkipped", 0.0},
                                {"logGroupsScanned", static_cast<double>(query->groups.size())}};
  return reply;
}

Result<Reply> LogsService::stop_query(Call& call) {
  const std::string& id = text_of(call.input, "queryId");
  const InsightsQuery* query = queries_.find(scope_of(call), id);
  if (!query) return query_not_found(id);
  // "Stops a query that is in progress. If the query has already ended, the operation returns an error".
  if (!queries_.cancel(scope_of(call), id))
    return invalid_parameter(
        fmt::format("Query {} has already ended with status {}.", id, name_of(query->status)));
  Reply reply;
  reply.output["success"] = true;
  return reply;
}

Result<Reply> LogsService::describe_queries(Call& call) {
  const std::string& group = text_of(call.input, "logGroupName");
  const std::string& status = text_of(call.input, "status");
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  constexpr std::int64_t most = 1000;
  const auto size = static_cast<std::size_t>(number_of(call.input, "maxResults").value_or(most));
  Reply reply;
  Json& rows = reply.output["queries"] = Json::array();
  bool begun = !*after;
  for (const InsightsQuery* query : queries_.list(scope_of(call))) {
    const bool was_last = !begun && query->id == **after;
    if (!begun) {
      begun = was_last;
      continue;
    }
    if (!group.empty() && std::ranges::find(query->groups, group) == query->groups.end()) continue;
    if (!status.empty() && status != name_of(query->status)) continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(rows.back()["queryId"].get_ref<const std::string&>());
      break;
    }
    rows.push_back({{"queryLanguage", "CWLI"},
                    {"queryId", query->id},
                    {"queryString", query->text},
                    {"status", name_of(query->status)},
                    {"createTime", query->created},
                    {"logGroupName", query->groups.front()}});
  }
  return reply;
}

}  // namespace aviary::logs
