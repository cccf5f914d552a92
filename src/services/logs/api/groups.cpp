#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::array retentions{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Json describe(const LogGroup& group, bool whole) {
  const std::string arn = group_arn(group.scope, group.name);
  Json row{{"logGroupName", group.name},
           {"creationTime", group.created},
           {"metricFilterCount", group.metric_filters.size()},
           {"arn", arn + ":*"},
           {"logGroupArn", arn},
           {"logGroupClass", group.log_class}};
  if (group.retention_days != 0) row["retentionInDays"] = group.retention_days;
  if (!group.kms_key.empty()) row["kmsKeyId"] = group.kms_key;
  // A search by pattern leaves these out; recorded by LocalStack (test_describe_log_groups_with_pattern).
  if (whole) {
    row["storedBytes"] = group.stored_bytes();
    row["deletionProtectionEnabled"] = group.deletion_protection;
  }
  return row;
}

/// Which groups a call asks for.
struct Wanted {
  std::string prefix;
  std::string pattern;
  std::string log_class;
  std::vector<std::string> names;

  bool takes(const LogGroup& group) const {
    return group.name.starts_with(prefix) && group.name.find(pattern) != std::string::npos &&
           (log_class.empty() || group.log_class == log_class) &&
           (names.empty() || std::ranges::find(names, group.name) != names.end());
  }
};

}  // namespace

Result<Reply> LogsService::create_log_group(Call& call) {
  const Result<std::string> name = group_name_of(call);
  if (!name) return name.error();
  LogGroup* group = store_.create_group(scope_of(call), *name, to_millis(call.now));
  if (!group)
    return AwsError(models::logs::errors::ResourceAlreadyExistsException,
                    "The specified log group already exists");
  if (const Json* tags = find_member(call.input, "tags")) tags->get_to(group->tags);
  if (const std::string& log_class = text_of(call.input, "logGroupClass"); !log_class.empty())
    group->log_class = log_class;
  group->kms_key = text_of(call.input, "kmsKeyId");
  group->deletion_protection = flag_of(call.input, "deletionProtectionEnabled");
  store_.save(*group);
  return Reply{};
}

Result<Reply> LogsService::delete_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  if ((*group)->deletion_protection)
    return AwsError(models::logs::errors::ValidationException,
                    "Log group deletion protection is enabled. Disable it before the log group is deleted.");
  const std::string arn = group_arn((*group)->scope, (*group)->name);
  for (const std::string& key : {arn, arn + ":*"}) resource_policies_.erase((*group)->scope, key);
  store_.erase_group(**group);
  return Reply{};
}

Result<Reply> LogsService::describe_log_groups(Call& call) {
  Wanted wanted{text_of(call.input, "logGroupNamePrefix"),
                text_of(call.input, "logGroupNamePattern"),
                text_of(call.input, "logGroupClass"),
                {}};
  if (!wanted.prefix.empty() && !wanted.pattern.empty())
    return invalid_parameter(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  if (const Json* identifiers = find_member(call.input, "logGroupIdentifiers")) {
    for (const Json& each : *identifiers)
      wanted.names.emplace_back(name_in(each.get_ref<const std::string&>()));
  }
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  const std::size_t size = page_size_of(call.input);

  Reply reply;
  Json& rows = reply.output["logGroups"] = Json::array();
  const LogStore::Groups& groups = store_.groups(scope_of(call));
  auto next = *after ? groups.upper_bound(**after) : groups.lower_bound(wanted.prefix);
  for (; next != groups.end() && next->first.starts_with(wanted.prefix); ++next) {
    LogGroup& group = *next->second;
    if (!wanted.takes(group)) continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(rows.back()["logGroupName"].get_ref<const std::string&>());
      break;
    }
    store_.expire(group, to_millis(call.now));
    rows.push_back(describe(group, wanted.pattern.empty()));
  }
  return reply;
}

Result<Reply> LogsService::put_retention_policy(Call& call) {
  const std::int64_t days = number_of(call.input, "retentionInDays").value_or(0);
  if (std::ranges::find(retentions, days) == retentions.end())
    return invalid_parameter(fmt::format(
        "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: "
        "Member must satisfy enum value set: [{}]",
        days, fmt::join(retentions, ", ")));
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  (*group)->retention_days = static_cast<int>(days);
  store_.save(**group);
  store_.expire(**group, to_millis(call.now));
  return Reply{};
}

Result<Reply> LogsService::delete_retention_policy(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  (*group)->retention_days = 0;
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::put_log_group_deletion_protection(Call& call) {
  const Result<LogGroup*> group = identified_group_of(store_, call);
  if (!group) return group.error();
  (*group)->deletion_protection = flag_of(call.input, "deletionProtectionEnabled");
  store_.save(**group);
  return Reply{};
}

}  // namespace aviary::logs
