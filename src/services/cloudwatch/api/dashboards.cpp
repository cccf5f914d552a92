#include "services/cloudwatch/core/dashboards.hpp"
#include "base/bounded_json.hpp"

#include <fmt/format.h>

#include "models/cloudwatch.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/cloudwatch/api/input.hpp"

namespace aviary::cloudwatch {
namespace {

namespace rows = models::cloudwatch::errors;

constexpr std::size_t dashboards_of_a_page = 1000;

AwsError not_found(std::string_view name) {
  return {rows::DashboardNotFoundError, fmt::format("Dashboard {} does not exist", name)};
}

}  // namespace

Result<Reply> CloudWatchService::put_dashboard(Call& call) {
  const std::string& name = text_of(call.input, "DashboardName");
  if (name.empty() || name.size() > 255 ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") !=
          std::string::npos)
    return AwsError(
        rows::DashboardInvalidInputError,
        fmt::format("The value {} for field DashboardName contains invalid characters. It can only "
                    "contain alphanumerics, dash (-) and underscore (_).\n",
                    name));
  const std::string& body = text_of(call.input, "DashboardBody");
  const Json parsed = parse_bounded<Json>(body);
  if (!parsed.is_object())
    return AwsError(rows::DashboardInvalidInputError, "The field DashboardBody must be a valid JSON object");
  if (!parsed.contains("widgets") || !parsed["widgets"].is_array())
    return AwsError(
        rows::DashboardInvalidInputError,
        "The dashboard body is invalid, there are 1 validation errors: [ { \"dataPath\": \"\", \"message\": "
        "\"Should have required property 'widgets'\" } ]");
  const Dashboard* known = dashboards_.find(call.account, name);
  std::map<std::string, std::string> tags = known ? known->tags : std::map<std::string, std::string>();
  if (const Json* given = find_member(call.input, "Tags"); given && !known)
    for (const Json& tag : *given) tags[text_of(tag, "Key")] = text_of(tag, "Value");
  dashboards_.put(call.account, {.name = name, .body = body, .modified = call.now, .tags = std::move(tags)});
  Reply reply;
  reply.output["DashboardValidationMessages"] = Json::array();
  return reply;
}

Result<Reply> CloudWatchService::get_dashboard(Call& call) {
  const std::string& name = text_of(call.input, "DashboardName");
  const Dashboard* dashboard = dashboards_.find(call.account, name);
  if (!dashboard) return not_found(name);
  Reply reply;
  reply.output = {{"DashboardArn", dashboard_arn(call.account, name)},
                  {"DashboardBody", dashboard->body},
                  {"DashboardName", name}};
  return reply;
}

Result<Reply> CloudWatchService::list_dashboards(Call& call) {
  const std::string& prefix = text_of(call.input, "DashboardNamePrefix");
  std::string after;
  if (const std::string& token = text_of(call.input, "NextToken"); !token.empty()) {
    std::optional<std::string> text = from_token(token);
    if (!text) return invalid_value("The parameter NextToken is invalid.");
    after = std::move(*text);
  }
  Reply reply;
  Json& list = reply.output["DashboardEntries"] = Json::array();
  const Dashboards::ByName& all = dashboards_.of(call.account);
  std::string last;
  for (auto entry = after.empty() ? all.begin() : all.upper_bound(after); entry != all.end(); ++entry) {
    if (!entry->first.starts_with(prefix)) continue;
    if (list.size() == dashboards_of_a_page) {
      reply.output["NextToken"] = token_for(last);
      break;
    }
    last = entry->first;
    list.push_back({{"DashboardName", entry->first},
                    {"DashboardArn", dashboard_arn(call.account, entry->first)},
                    {"LastModified", epoch_seconds(entry->second.modified)},
                    {"Size", entry->second.body.size()}});
  }
  return reply;
}

/// All of them or, if one does not exist, none.
Result<Reply> CloudWatchService::delete_dashboards(Call& call) {
  const std::vector<std::string> names = texts_of(call.input, "DashboardNames");
  if (names.empty()) return missing_parameter("The parameter DashboardNames is required.");
  for (const std::string& name : names)
    if (!dashboards_.find(call.account, name)) return not_found(name);
  for (const std::string& name : names) dashboards_.erase(call.account, name);
  return Reply{};
}

}  // namespace aviary::cloudwatch
