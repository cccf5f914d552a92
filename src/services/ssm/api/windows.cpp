#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Maintenance windows. A window is kept as it is shown, with its Tags.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr const char* window_members[] = {"Name",           "Description",
                                          "StartDate",      "EndDate",
                                          "Schedule",       "ScheduleTimezone",
                                          "ScheduleOffset", "Duration",
                                          "Cutoff",         "AllowUnassociatedTargets",
                                          "Enabled"};
/// What DescribeMaintenanceWindowSchedule shows of each window.
constexpr std::size_t most_openings = 20;

AwsError bad_window(std::string text) { return {errors::ValidationException, std::move(text)}; }

Result<> check_window(const Json& window) {
  if (!is_window_schedule(text_of(window, "Schedule")))
    return bad_window(fmt::format("Invalid schedule expression: {}", text_of(window, "Schedule")));
  if (window.at("Cutoff").get<int>() >= window.at("Duration").get<int>())
    return bad_window("Cutoff must be less than the duration of the maintenance window.");
  if (window.contains("ScheduleOffset") && !text_of(window, "Schedule").starts_with("cron("))
    return bad_window("ScheduleOffset is for schedules that are cron expressions.");
  return {};
}

bool fits_window(const Json& window, const Json& filters) {
  return std::ranges::all_of(filters, [&](const Json& filter) {
    const Json values = filter.value("Values", Json::array());
    const std::string& key = text_of(filter, "Key");
    if (key == "Enabled")
      return std::ranges::find(values, Json(flag_of(window, "Enabled") ? "true" : "false")) != values.end();
    return key != "Name" || std::ranges::find(values, window.at("Name")) != values.end();
  });
}

}  // namespace

AwsError no_such_in_windows(std::string_view what, const std::string& id) {
  return {errors::DoesNotExistException, fmt::format("{} {} does not exist.", what, id)};
}

Json SsmService::shown_window(const Json& window, Instant now) {
  Json row = window;
  row.erase("Tags");
  row.erase("ClientToken");
  if (const std::optional<Instant> next = next_opening(window, now))
    row["NextExecutionTime"] = iso8601(*next, 0);
  return row;
}

Result<Json*> SsmService::window_of(const Call& call) {
  const std::string& id = text_of(call.input, "WindowId");
  Json* found = windows_.find(scope_of(call), id);
  if (found == nullptr) return no_such_in_windows("Maintenance window", id);
  return found;
}

std::optional<std::string> SsmService::made_before(Collection& collection, const Call& call, const char* id) {
  const std::string& token = text_of(call.input, "ClientToken");
  if (token.empty()) return std::nullopt;
  const std::string& window = text_of(call.input, "WindowId");  // of targets and tasks
  for (const auto& [key, document] : collection.in(scope_of(call)))
    if (text_of(document, "ClientToken") == token &&
        (window.empty() || text_of(document, "WindowId") == window))
      return text_of(document, id);
  return std::nullopt;
}

Result<Reply> SsmService::create_maintenance_window(Call& call) {
  Reply reply;
  if (const auto before = made_before(windows_, call, "WindowId")) {
    reply.output["WindowId"] = *before;
    return reply;
  }
  const std::string id = "mw-" + ids_.hex(17);
  Json window{{"WindowId", id},
              {"Enabled", true},
              {"CreatedDate", static_cast<std::int64_t>(whole_epoch_seconds(call.now))},
              {"ModifiedDate", whole_epoch_seconds(call.now)},
              {"ClientToken", text_of(call.input, "ClientToken")},
              {"Tags", tag_map(call.input)}};
  for (const char* member : window_members)
    if (const Json* given = find_member(call.input, member)) window[member] = *given;
  if (const Result<> good = check_window(window); !good) return good.error();
  windows_.put(scope_of(call), id, std::move(window));
  window_runs_.arm();
  reply.output["WindowId"] = id;
  return reply;
}

Result<Reply> SsmService::get_maintenance_window(Call& call) {
  const Result<Json*> found = window_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = shown_window(**found, call.now);
  return reply;
}

Result<Reply> SsmService::update_maintenance_window(Call& call) {
  const Result<Json*> found = window_of(call);
  if (!found) return found.error();
  const Scope scope = scope_of(call);
  Json window = **found;
  if (flag_of(call.input, "Replace")) {
    for (const char* member : {"Name", "Schedule", "Duration", "Cutoff", "AllowUnassociatedTargets"})
      if (find_member(call.input, member) == nullptr)
        return bad_window(fmt::format("{} is required when Replace is true.", member));
    for (const char* member : window_members) window.erase(member);
    window["Enabled"] = true;
  }
  for (const char* member : window_members)
    if (const Json* given = find_member(call.input, member)) window[member] = *given;
  if (const Result<> good = check_window(window); !good) return good.error();
  const std::string& id = text_of(window, "WindowId");
  if (!is_utc(text_of(window, "ScheduleTimezone")) && runs_functions(scope, id)) return zone_not_known();
  window["ModifiedDate"] = whole_epoch_seconds(call.now);
  Reply reply;
  reply.output = windows_.put(scope, id, window);
  window_runs_.arm();
  return reply;
}

Result<Reply> SsmService::delete_maintenance_window(Call& call) {
  const Scope scope = scope_of(call);
  const std::string id = text_of(call.input, "WindowId");
  windows_.erase(scope, id);
  for (Collection* members : {&window_targets_, &window_tasks_, &window_executions_}) {
    std::vector<std::string> gone;
    for (const auto& [key, member] : members->in(scope))
      if (text_of(member, "WindowId") == id) gone.push_back(key);
    for (const std::string& key : gone) members->erase(scope, key);
  }
  window_runs_.arm();
  Reply reply;
  reply.output["WindowId"] = id;
  return reply;
}

Result<Reply> SsmService::describe_maintenance_windows(Call& call) {
  const Json filters = call.input.value("Filters", Json::array());
  Json rows = Json::array();
  for (const auto& [id, window] : windows_.in(scope_of(call)))
    if (fits_window(window, filters)) rows.push_back(shown_window(window, call.now));
  return page_of(call.input, std::move(rows), "WindowIdentities");
}

Result<Reply> SsmService::describe_maintenance_windows_for_target(Call& call) {
  const Scope scope = scope_of(call);
  Json rows = Json::array();
  for (const auto& [id, window] : windows_.in(scope)) {
    const bool has = std::ranges::any_of(window_targets_.in(scope), [&, &window_id = id](const auto& each) {
      const Json& target = each.second;
      return text_of(target, "WindowId") == window_id &&
             text_of(target, "ResourceType") == text_of(call.input, "ResourceType") &&
             std::ranges::any_of(call.input.at("Targets"), [&](const Json& wanted) {
               return std::ranges::find(target.at("Targets"), wanted) != target.at("Targets").end();
             });
    });
    if (has) rows.push_back({{"WindowId", id}, {"Name", window.at("Name")}});
  }
  return page_of(call.input, std::move(rows), "WindowIdentities");
}

Result<Reply> SsmService::describe_maintenance_window_schedule(Call& call) {
  const Scope scope = scope_of(call);
  const std::string& wanted = text_of(call.input, "WindowId");
  if (!wanted.empty() && windows_.find(scope, wanted) == nullptr)
    return no_such_in_windows("Maintenance window", wanted);
  std::vector<std::pair<Instant, Json>> openings;
  for (const auto& [id, window] : windows_.in(scope)) {
    if (!wanted.empty() && id != wanted) continue;
    Instant after = call.now;
    for (std::size_t i = 0; i < most_openings; ++i) {
      const std::optional<Instant> next = next_opening(window, after);
      if (!next) break;
      openings.emplace_back(
          *next, Json{{"WindowId", id}, {"Name", window.at("Name")}, {"ExecutionTime", iso8601(*next, 0)}});
      after = *next;
    }
  }
  std::ranges::stable_sort(openings, {}, [](const auto& each) { return each.first; });
  Json rows = Json::array();
  for (auto& [at, row] : openings) rows.push_back(std::move(row));
  return page_of(call.input, std::move(rows), "ScheduledWindowExecutions");
}

}  // namespace aviary::ssm
