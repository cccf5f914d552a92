#include <fmt/format.h>

#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/insights_parser.hpp"
#include "wire/protocol.hpp"

/// Queries that are kept under a name, as the console's "Saved queries" are.
namespace aviary::logs {
namespace {

constexpr std::size_t most_definitions = 1000;

AwsError definition_not_found() { return not_found("The specified query definition does not exist."); }

}  // namespace

Result<Reply> LogsService::put_query_definition(Call& call) {
  const std::string& language = text_of(call.input, "queryLanguage");
  if ((!language.empty() && language != "CWLI") || call.input.contains("parameters"))
    return AwsError(wire::errors::NotImplemented,
                    "Query definitions in other languages, and with parameters, are not part of Aviary yet.");
  const Scope scope = scope_of(call);
  std::string id = text_of(call.input, "queryDefinitionId");
  if (!id.empty() && query_definitions_.find(scope, id) == nullptr) return definition_not_found();
  const std::string& text = text_of(call.input, "queryString");
  const auto parsed = insights::parse_query(text, {to_millis(call.now)});
  if (const auto* problem = std::get_if<insights::QueryProblem>(&parsed))
    return invalid_parameter(problem->text);
  if (id.empty()) {
    if (query_definitions_.of(scope).size() >= most_definitions) return limit_exceeded();
    id = ids_.uuid();
  }
  Json definition{{"queryLanguage", "CWLI"},
                  {"queryDefinitionId", id},
                  {"name", call.input["name"]},
                  {"queryString", text},
                  {"lastModified", to_millis(call.now)}};
  // "If you are updating the query definition and you omit this parameter, then the updated definition will
  // contain no log groups."
  if (const Json* groups = find_member(call.input, "logGroupNames")) definition["logGroupNames"] = *groups;
  query_definitions_.put(scope, id, std::move(definition));
  Reply reply;
  reply.output["queryDefinitionId"] = id;
  return reply;
}

Result<Reply> LogsService::describe_query_definitions(Call& call) {
  const std::string& prefix = text_of(call.input, "queryDefinitionNamePrefix");
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  constexpr std::int64_t most = 1000;
  const auto size = static_cast<std::size_t>(number_of(call.input, "maxResults").value_or(most));
  Reply reply;
  Json& rows = reply.output["queryDefinitions"] = Json::array();
  for (const auto& [id, definition] : query_definitions_.of(scope_of(call))) {
    if (*after && id <= **after) continue;
    if (!text_of(definition, "name").starts_with(prefix)) continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(text_of(rows.back(), "queryDefinitionId"));
      break;
    }
    rows.push_back(definition);
  }
  return reply;
}

Result<Reply> LogsService::delete_query_definition(Call& call) {
  const std::string& id = text_of(call.input, "queryDefinitionId");
  if (query_definitions_.find(scope_of(call), id) == nullptr) return definition_not_found();
  query_definitions_.erase(scope_of(call), id);
  Reply reply;
  reply.output["success"] = true;
  return reply;
}

}  // namespace aviary::logs
