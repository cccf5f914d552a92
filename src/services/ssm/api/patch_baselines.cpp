#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Patch baselines, of which there are the account's own only. A baseline is kept as it is shown, with its
/// Tags; its patch groups are rows of their own.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr const char* baseline_members[] = {"OperatingSystem",
                                            "Name",
                                            "GlobalFilters",
                                            "ApprovalRules",
                                            "ApprovedPatches",
                                            "ApprovedPatchesComplianceLevel",
                                            "ApprovedPatchesEnableNonSecurity",
                                            "RejectedPatches",
                                            "RejectedPatchesAction",
                                            "Description",
                                            "Sources",
                                            "AvailableSecurityUpdatesComplianceStatus"};

/// What a baseline is where nothing is said.
Json baseline_defaults() {
  return {{"OperatingSystem", "WINDOWS"},
          {"GlobalFilters", {{"PatchFilters", Json::array()}}},
          {"ApprovalRules", {{"PatchRules", Json::array()}}},
          {"ApprovedPatches", Json::array()},
          {"ApprovedPatchesComplianceLevel", "UNSPECIFIED"},
          {"ApprovedPatchesEnableNonSecurity", false},
          {"RejectedPatches", Json::array()},
          {"RejectedPatchesAction", "ALLOW_AS_DEPENDENCY"},
          {"Sources", Json::array()}};
}

Json with_rule_defaults(Json rules) {
  if (rules.contains("PatchRules"))
    for (Json& rule : rules["PatchRules"]) {
      if (!rule.contains("ComplianceLevel")) rule["ComplianceLevel"] = "UNSPECIFIED";
      if (!rule.contains("EnableNonSecurity")) rule["EnableNonSecurity"] = false;
    }
  return rules;
}

void take_members(const Json& input, Json& baseline) {
  for (const char* member : baseline_members)
    if (const Json* given = find_member(input, member)) baseline[member] = *given;
  baseline["ApprovalRules"] = with_rule_defaults(baseline.at("ApprovalRules"));
}

/// A rule says since when or until when a patch has to be out, not both.
Result<> check_rules(const Json& input) {
  const Json* rules = find_member(input, "ApprovalRules");
  if (rules == nullptr) return {};
  for (const Json& rule : rules->value("PatchRules", Json::array()))
    if (rule.contains("ApproveAfterDays") == rule.contains("ApproveUntilDate"))
      return AwsError(errors::ValidationException,
                      "Each rule must have either ApproveAfterDays or ApproveUntilDate, and not both.");
  return {};
}

AwsError no_such_baseline(const std::string& id) {
  return {errors::DoesNotExistException,
          fmt::format("Maintenance window execution or patch baseline {} does not exist.", id)};
}

Json identity_of(const Json& baseline, bool is_default) {
  Json row{{"BaselineId", baseline.at("BaselineId")},
           {"BaselineName", baseline.at("Name")},
           {"OperatingSystem", baseline.at("OperatingSystem")},
           {"DefaultBaseline", is_default}};
  if (const Json* text = find_member(baseline, "Description")) row["BaselineDescription"] = *text;
  return row;
}

/// A group has one baseline an operating system.
std::string group_key(const std::string& group, const std::string& system) { return system + '/' + group; }

bool is_one_of(const Json& values, const std::string& text) {
  return std::ranges::find(values, Json(text)) != values.end();
}

}  // namespace

bool SsmService::is_default_baseline(const Scope& scope, const Json& baseline) {
  const Json* row = patch_defaults_.find(scope, text_of(baseline, "OperatingSystem"));
  return row != nullptr && row->at("BaselineId") == baseline.at("BaselineId");
}

namespace {

/// Given by itself, or in an ARN.
std::string baseline_id(const Call& call) {
  const std::string& given = text_of(call.input, "BaselineId");
  return given.substr(given.find_last_of('/') + 1);
}

}  // namespace

Result<Json*> SsmService::baseline_of(const Call& call) {
  Json* found = baselines_.find(scope_of(call), baseline_id(call));
  if (found == nullptr) return no_such_baseline(text_of(call.input, "BaselineId"));
  return found;
}

Result<Reply> SsmService::create_patch_baseline(Call& call) {
  if (const Result<> good = check_rules(call.input); !good) return good.error();
  if (const auto before = made_before(baselines_, call, "BaselineId")) {
    Reply reply;
    reply.output["BaselineId"] = *before;
    return reply;
  }
  const std::string id = "pb-" + ids_.hex(17);
  Json baseline = baseline_defaults();
  take_members(call.input, baseline);
  baseline["BaselineId"] = id;
  baseline["ClientToken"] = text_of(call.input, "ClientToken");
  baseline["CreatedDate"] = baseline["ModifiedDate"] = whole_epoch_seconds(call.now);
  baseline["Tags"] = tag_map(call.input);
  baselines_.put(scope_of(call), id, std::move(baseline));
  Reply reply;
  reply.output["BaselineId"] = id;
  return reply;
}

Result<Reply> SsmService::get_patch_baseline(Call& call) {
  const Result<Json*> found = baseline_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = **found;
  Json& groups = reply.output["PatchGroups"] = Json::array();
  for (const auto& [key, row] : patch_groups_.in(scope_of(call)))
    if (row.at("BaselineId") == (*found)->at("BaselineId")) groups.push_back(row.at("PatchGroup"));
  return reply;
}

Result<Reply> SsmService::update_patch_baseline(Call& call) {
  if (const Result<> good = check_rules(call.input); !good) return good.error();
  const Result<Json*> found = baseline_of(call);
  if (!found) return found.error();
  Json& baseline = **found;
  if (flag_of(call.input, "Replace")) {
    if (text_of(call.input, "Name").empty())
      return AwsError(errors::ValidationException, "Name is required when Replace is true.");
    Json kept = baseline_defaults();
    for (const char* member : {"BaselineId", "OperatingSystem", "CreatedDate", "Tags"})
      kept[member] = baseline.at(member);
    baseline = std::move(kept);
  }
  take_members(call.input, baseline);
  baseline["ModifiedDate"] = whole_epoch_seconds(call.now);
  baselines_.save(scope_of(call), text_of(baseline, "BaselineId"));
  Reply reply;
  reply.output = baseline;
  return reply;
}

Result<Reply> SsmService::delete_patch_baseline(Call& call) {
  const Scope scope = scope_of(call);
  const std::string id = baseline_id(call);
  Reply reply;
  reply.output["BaselineId"] = id;
  const Json* baseline = baselines_.find(scope, id);
  if (baseline == nullptr) return reply;
  const bool used = std::ranges::any_of(patch_groups_.in(scope),
                                        [&](const auto& each) { return each.second.at("BaselineId") == id; });
  if (used)
    return AwsError(errors::ResourceInUseException,
                    "A patch baseline can't be deleted while it is registered for a patch group.");
  // AWS refuses this until one of its own is the default again; here there is none to go back to.
  if (is_default_baseline(scope, *baseline))
    patch_defaults_.erase(scope, text_of(*baseline, "OperatingSystem"));
  baselines_.erase(scope, id);
  return reply;
}

Result<Reply> SsmService::describe_patch_baselines(Call& call) {
  const Scope scope = scope_of(call);
  const Json filters = call.input.value("Filters", Json::array());
  Json rows = Json::array();
  for (const auto& [id, baseline] : baselines_.in(scope)) {
    const bool wanted = std::ranges::all_of(filters, [&, &each = baseline](const Json& filter) {
      const std::string& key = text_of(filter, "Key");
      const Json values = filter.value("Values", Json::array());
      if (key == "NAME_PREFIX")
        return std::ranges::any_of(values, [&](const Json& value) {
          return text_of(each, "Name").starts_with(value.get<std::string>());
        });
      if (key == "OPERATING_SYSTEM") return is_one_of(values, text_of(each, "OperatingSystem"));
      return key != "OWNER" || is_one_of(values, "Self");
    });
    if (wanted) rows.push_back(identity_of(baseline, is_default_baseline(scope, baseline)));
  }
  return page_of(call.input, std::move(rows), "BaselineIdentities", 100);
}

Result<Reply> SsmService::register_default_patch_baseline(Call& call) {
  const Result<Json*> found = baseline_of(call);
  if (!found) return found.error();
  const Json& id = (*found)->at("BaselineId");
  patch_defaults_.put(scope_of(call), text_of(**found, "OperatingSystem"), {{"BaselineId", id}});
  Reply reply;
  reply.output["BaselineId"] = id;
  return reply;
}

Result<Reply> SsmService::get_default_patch_baseline(Call& call) {
  std::string system = text_of(call.input, "OperatingSystem");
  if (system.empty()) system = "WINDOWS";
  const Json* row = patch_defaults_.find(scope_of(call), system);
  if (row == nullptr)
    return AwsError(errors::DoesNotExistException,
                    fmt::format("AWS's own patch baselines are not here, and none of the account's is the "
                                "default for {}.",
                                system));
  Reply reply;
  reply.output = {{"BaselineId", row->at("BaselineId")}, {"OperatingSystem", system}};
  return reply;
}

Result<Reply> SsmService::register_patch_group(Call& call) {
  const Result<Json*> found = baseline_of(call);
  if (!found) return found.error();
  const Scope scope = scope_of(call);
  const std::string& group = text_of(call.input, "PatchGroup");
  const std::string key = group_key(group, text_of(**found, "OperatingSystem"));
  if (patch_groups_.find(scope, key) != nullptr)
    return AwsError(errors::AlreadyExistsException,
                    fmt::format("Patch group {} is already registered with a patch baseline for {}.", group,
                                text_of(**found, "OperatingSystem")));
  const Json row{{"BaselineId", (*found)->at("BaselineId")}, {"PatchGroup", group}};
  patch_groups_.put(scope, key, row);
  Reply reply;
  reply.output = row;
  return reply;
}

Result<Reply> SsmService::deregister_patch_group(Call& call) {
  const Scope scope = scope_of(call);
  const std::string id = baseline_id(call);
  const std::string group = text_of(call.input, "PatchGroup");
  if (const Json* baseline = baselines_.find(scope, id)) {
    const std::string key = group_key(group, text_of(*baseline, "OperatingSystem"));
    const Json* row = patch_groups_.find(scope, key);
    if (row != nullptr && row->at("BaselineId") == id) patch_groups_.erase(scope, key);
  }
  Reply reply;
  reply.output = {{"BaselineId", id}, {"PatchGroup", group}};
  return reply;
}

Result<Reply> SsmService::describe_patch_groups(Call& call) {
  const Scope scope = scope_of(call);
  const Json filters = call.input.value("Filters", Json::array());
  Json rows = Json::array();
  for (const auto& [key, row] : patch_groups_.in(scope)) {
    const Json* baseline = baselines_.find(scope, text_of(row, "BaselineId"));
    if (baseline == nullptr) continue;
    const bool wanted = std::ranges::all_of(filters, [&, &each = row](const Json& filter) {
      const Json values = filter.value("Values", Json::array());
      if (text_of(filter, "Key") == "OPERATING_SYSTEM")
        return is_one_of(values, text_of(*baseline, "OperatingSystem"));
      return text_of(filter, "Key") != "NAME_PREFIX" || std::ranges::any_of(values, [&](const Json& value) {
               return text_of(each, "PatchGroup").starts_with(value.get<std::string>());
             });
    });
    if (wanted)
      rows.push_back({{"PatchGroup", row.at("PatchGroup")},
                      {"BaselineIdentity", identity_of(*baseline, is_default_baseline(scope, *baseline))}});
  }
  return page_of(call.input, std::move(rows), "Mappings", 100);
}

Result<Reply> SsmService::get_patch_baseline_for_group(Call& call) {
  std::string system = text_of(call.input, "OperatingSystem");
  if (system.empty()) system = "WINDOWS";
  const std::string& group = text_of(call.input, "PatchGroup");
  const Json* row = patch_groups_.find(scope_of(call), group_key(group, system));
  Json id;
  if (row != nullptr) {
    id = row->at("BaselineId");
  } else {
    Result<Reply> by_default = get_default_patch_baseline(call);
    if (!by_default) return by_default;
    id = by_default->output.at("BaselineId");
  }
  Reply reply;
  reply.output = {{"BaselineId", std::move(id)}, {"PatchGroup", group}, {"OperatingSystem", system}};
  return reply;
}

}  // namespace aviary::ssm
