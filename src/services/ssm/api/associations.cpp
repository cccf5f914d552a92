#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "base/schedule.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Associations of documents with instances. There are no instances here, so none is ever applied: each stays
/// as AWS shows one whose targets match nothing. An association is kept as
/// `{AssociationId, Date, Versions: [what was said, oldest first], Tags}`.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t most_association_versions = 1000;

constexpr const char* association_members[] = {"Name",
                                               "DocumentVersion",
                                               "InstanceId",
                                               "Parameters",
                                               "Targets",
                                               "ScheduleExpression",
                                               "OutputLocation",
                                               "AssociationName",
                                               "AutomationTargetParameterName",
                                               "MaxErrors",
                                               "MaxConcurrency",
                                               "ComplianceSeverity",
                                               "SyncCompliance",
                                               "ApplyOnlyAtCronInterval",
                                               "CalendarNames",
                                               "TargetLocations",
                                               "ScheduleOffset",
                                               "Duration",
                                               "TargetMaps",
                                               "AlarmConfiguration",
                                               "AssociationDispatchAssumeRole"};

AwsError no_such_association() {
  return {errors::AssociationDoesNotExist, "The specified association does not exist."};
}

/// Nothing was ever applied: there is nothing to apply it to.
Json overview() {
  return {{"Status", "Pending"},
          {"DetailedStatus", "Creating"},
          {"AssociationStatusAggregatedCount", Json::object()}};
}

const Json& latest(const Json& association) { return association.at("Versions").back(); }

Json describe_association(const Json& association, const Json& version) {
  Json row = version;
  row["AssociationId"] = association.at("AssociationId");
  row["Date"] = association.at("Date");
  row["LastUpdateAssociationDate"] = version.at("CreatedDate");
  row["Overview"] = overview();
  row.erase("CreatedDate");
  return row;
}

/// `at(2025-07-07T15:55:00)` besides what a rule may have.
bool is_schedule(const std::string& text) {
  if (text.starts_with("at(") && text.ends_with(')')) {
    std::string moment = text.substr(3, text.size() - 4);
    if (!moment.ends_with('Z')) moment += 'Z';
    return parse_iso8601(moment).has_value();
  }
  return Schedule::parse(text).has_value();
}

}  // namespace

Result<> SsmService::check_association(const Call& call, const Json& said) {
  const std::string& name = text_of(said, "Name");
  if (!is_of_aws(name)) {
    const Result<Json*> document = document_named(call, name);
    if (!document) return document.error();
    if (const std::string& version = text_of(said, "DocumentVersion");
        !version.empty() && find_version(**document, version, {}) == nullptr)
      return invalid_document_version();
  }
  if (const std::string& schedule = text_of(said, "ScheduleExpression");
      !schedule.empty() && !is_schedule(schedule))
    return AwsError(errors::InvalidSchedule,
                    "The schedule is invalid. Verify your cron or rate expression and try again.");
  if (find_member(said, "InstanceId") != nullptr && find_member(said, "Targets") != nullptr)
    return AwsError(errors::ValidationException, "Specify either InstanceId or Targets, but not both.");
  return {};
}

Result<Json*> SsmService::association_of(const Call& call) {
  const Scope scope = scope_of(call);
  if (const std::string& id = text_of(call.input, "AssociationId"); !id.empty()) {
    Json* found = associations_.find(scope, id);
    if (found == nullptr) return no_such_association();
    return found;
  }
  const std::string& name = text_of(call.input, "Name");
  const std::string& instance = text_of(call.input, "InstanceId");
  for (const auto& [id, association] : associations_.in(scope))
    if (text_of(latest(association), "Name") == name &&
        text_of(latest(association), "InstanceId") == instance && !name.empty() && !instance.empty())
      return associations_.find(scope, id);
  return no_such_association();
}

Result<Json> SsmService::associate(const Call& call, const Json& said) {
  if (const Result<> good = check_association(call, said); !good) return good.error();
  const Scope scope = scope_of(call);
  const std::string& instance = text_of(said, "InstanceId");
  for (const auto& [id, each] : associations_.in(scope))
    if (!instance.empty() && text_of(latest(each), "InstanceId") == instance &&
        text_of(latest(each), "Name") == text_of(said, "Name"))
      return AwsError(errors::AssociationAlreadyExists, "The specified association already exists.");
  Json version{{"AssociationVersion", "1"}, {"CreatedDate", whole_epoch_seconds(call.now)}};
  for (const char* member : association_members)
    if (const Json* given = find_member(said, member)) version[member] = *given;
  if (!version.contains("DocumentVersion")) version["DocumentVersion"] = "$DEFAULT";
  if (!version.contains("ApplyOnlyAtCronInterval")) version["ApplyOnlyAtCronInterval"] = false;
  const std::string id = ids_.uuid();
  const Json& added = associations_.put(scope, id,
                                        {{"AssociationId", id},
                                         {"Date", whole_epoch_seconds(call.now)},
                                         {"Versions", Json::array({std::move(version)})},
                                         {"Tags", tag_map(said)}});
  return describe_association(added, latest(added));
}

Result<Reply> SsmService::create_association(Call& call) {
  Result<Json> made = associate(call, call.input);
  if (!made) return made.error();
  Reply reply;
  reply.output["AssociationDescription"] = std::move(*made);
  return reply;
}

Result<Reply> SsmService::create_association_batch(Call& call) {
  Reply reply;
  Json& successful = reply.output["Successful"] = Json::array();
  Json& failed = reply.output["Failed"] = Json::array();
  for (const Json& entry : call.input.at("Entries")) {
    Result<Json> made = associate(call, entry);
    if (made) {
      successful.push_back(std::move(*made));
    } else {
      failed.push_back({{"Entry", entry}, {"Message", made.error().message}, {"Fault", "Client"}});
    }
  }
  return reply;
}

Result<Reply> SsmService::describe_association_of(Call& call) {
  const Result<Json*> found = association_of(call);
  if (!found) return found.error();
  const std::string& wanted = text_of(call.input, "AssociationVersion");
  const Json& versions = (*found)->at("Versions");
  const Json* version = &versions.back();
  if (!wanted.empty() && wanted != "$LATEST") {
    const auto named = std::ranges::find_if(
        versions, [&](const Json& each) { return text_of(each, "AssociationVersion") == wanted; });
    if (named == versions.end())
      return AwsError(errors::InvalidAssociationVersion, "The version you specified is not valid.");
    version = &*named;
  }
  Reply reply;
  reply.output["AssociationDescription"] = describe_association(**found, *version);
  return reply;
}

Result<Reply> SsmService::update_association(Call& call) {
  const Result<Json*> found = association_of(call);
  if (!found) return found.error();
  Json& association = **found;
  Json& versions = association.at("Versions");
  if (const std::string& wanted = text_of(call.input, "AssociationVersion");
      !wanted.empty() && wanted != "$LATEST" && wanted != text_of(versions.back(), "AssociationVersion"))
    return AwsError(errors::InvalidAssociationVersion, "The version you specified is not valid.");
  if (versions.size() >= most_association_versions)
    return AwsError(errors::AssociationVersionLimitExceeded,
                    "You have reached the maximum number versions allowed for an association.");
  // What is not said again is gone, but for what the association is of.
  Json version{
      {"AssociationVersion", std::to_string(std::stoll(text_of(versions.back(), "AssociationVersion")) + 1)},
      {"CreatedDate", whole_epoch_seconds(call.now)}};
  for (const char* member : {"Name", "InstanceId", "Targets"})
    if (const Json* old = find_member(versions.back(), member)) version[member] = *old;
  for (const char* member : association_members)
    if (const Json* given = find_member(call.input, member)) version[member] = *given;
  if (!version.contains("DocumentVersion")) version["DocumentVersion"] = "$DEFAULT";
  if (!version.contains("ApplyOnlyAtCronInterval")) version["ApplyOnlyAtCronInterval"] = false;
  if (const Result<> good = check_association(call, version); !good) return good.error();
  versions.push_back(std::move(version));
  associations_.save(scope_of(call), text_of(association, "AssociationId"));
  Reply reply;
  reply.output["AssociationDescription"] = describe_association(association, latest(association));
  return reply;
}

Result<Reply> SsmService::delete_association(Call& call) {
  const Result<Json*> found = association_of(call);
  if (!found) return found.error();
  const std::string id = text_of(**found, "AssociationId");
  associations_.erase(scope_of(call), id);
  return Reply{};
}

Result<Reply> SsmService::list_associations(Call& call) {
  const Json filters = call.input.value("AssociationFilterList", Json::array());
  Json rows = Json::array();
  for (const auto& [id, association] : associations_.in(scope_of(call))) {
    Json row = describe_association(association, latest(association));
    const bool wanted = std::ranges::all_of(filters, [&](const Json& filter) {
      const std::string& key = text_of(filter, "key");
      const std::string& value = text_of(filter, "value");
      if (key == "AssociationStatusName") return text_of(row.at("Overview"), "Status") == value;
      return text_of(row, key.c_str()) == value;
    });
    if (!wanted) continue;
    rows.push_back(std::move(row));
  }
  return page_of(call.input, std::move(rows), "Associations");
}

Result<Reply> SsmService::list_association_versions(Call& call) {
  const Result<Json*> found = association_of(call);
  if (!found) return found.error();
  Json rows = Json::array();
  for (const Json& version : (*found)->at("Versions")) {
    Json row = version;
    row["AssociationId"] = (*found)->at("AssociationId");
    rows.insert(rows.begin(), std::move(row));
  }
  return page_of(call.input, std::move(rows), "AssociationVersions");
}

Result<Reply> SsmService::describe_association_executions(Call& call) {
  const Result<Json*> found = association_of(call);
  if (!found) return found.error();
  return page_of(call.input, Json::array(), "AssociationExecutions");
}

}  // namespace aviary::ssm
