#include <fmt/format.h>

#include <algorithm>

#include "services/logs/api/document_page.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

/// Detectors of anomalies, recorded: none ever gets beyond INITIALIZING, so that none claims to have looked.
namespace aviary::logs {
namespace {

constexpr std::int64_t default_visible_days = 21;

AwsError detector_not_found() { return not_found("The specified anomaly detector does not exist."); }

std::string id_in(std::string_view arn) { return std::string(arn.substr(arn.rfind(':') + 1)); }

void take_settings(const Json& input, Json& detector) {
  for (const char* member : {"evaluationFrequency", "filterPattern", "anomalyVisibilityTime"})
    if (const Json* given = find_member(input, member)) detector[member] = *given;
}

}  // namespace

Result<Reply> LogsService::create_log_anomaly_detector(Call& call) {
  const Scope scope = scope_of(call);
  const std::vector<std::string> groups = texts_of(call.input, "logGroupArnList");
  if (groups.size() != 1) return invalid_parameter("logGroupArnList must have exactly one log group.");
  if (store_.find_group(scope, name_in(groups.front())) == nullptr) return group_not_found();
  if (Result<FilterPattern> pattern = FilterPattern::parse(text_of(call.input, "filterPattern")); !pattern)
    return pattern.error();
  for (const auto& [id, each] : anomaly_detectors_.of(scope))
    if (each["logGroupArnList"] == call.input["logGroupArnList"]) return limit_exceeded();
  const std::string id = ids_.uuid();
  const std::string arn =
      fmt::format("arn:aws:logs:{}:{}:anomaly-detector:{}", scope.region, scope.account, id);
  Json detector{{"anomalyDetectorArn", arn},
                {"anomalyDetectorStatus", "INITIALIZING"},
                {"evaluationFrequency", "FIVE_MIN"},
                {"anomalyVisibilityTime", default_visible_days},
                {"creationTimeStamp", to_millis(call.now)},
                {"lastModifiedTimeStamp", to_millis(call.now)}};
  take_settings(call.input, detector);
  for (const char* member : {"detectorName", "logGroupArnList", "kmsKeyId", "tags"})
    if (const Json* given = find_member(call.input, member)) detector[member] = *given;
  anomaly_detectors_.put(scope, id, std::move(detector));
  Reply reply;
  reply.output["anomalyDetectorArn"] = arn;
  return reply;
}

Result<Reply> LogsService::get_log_anomaly_detector(Call& call) {
  const Json* found =
      anomaly_detectors_.find(scope_of(call), id_in(text_of(call.input, "anomalyDetectorArn")));
  if (found == nullptr) return detector_not_found();
  Reply reply;
  reply.output = without_tags(*found);
  reply.output.erase("anomalyDetectorArn");
  return reply;
}

Result<Reply> LogsService::list_log_anomaly_detectors(Call& call) {
  const std::string& group = text_of(call.input, "filterLogGroupArn");
  return page_of(anomaly_detectors_, call, "anomalyDetectors", [&](const Json& detector) {
    const std::vector<std::string> groups = texts_of(detector, "logGroupArnList");
    const bool wanted = group.empty() || std::ranges::any_of(groups, [&](const std::string& each) {
                          return name_in(each) == name_in(group);
                        });
    return wanted ? without_tags(detector) : Json();
  });
}

Result<Reply> LogsService::update_log_anomaly_detector(Call& call) {
  const std::string id = id_in(text_of(call.input, "anomalyDetectorArn"));
  const Json* found = anomaly_detectors_.find(scope_of(call), id);
  if (found == nullptr) return detector_not_found();
  if (Result<FilterPattern> pattern = FilterPattern::parse(text_of(call.input, "filterPattern")); !pattern)
    return pattern.error();
  Json detector = *found;
  take_settings(call.input, detector);
  detector["anomalyDetectorStatus"] = flag_of(call.input, "enabled") ? "INITIALIZING" : "PAUSED";
  detector["lastModifiedTimeStamp"] = to_millis(call.now);
  anomaly_detectors_.put(scope_of(call), id, std::move(detector));
  return Reply{};
}

Result<Reply> LogsService::delete_log_anomaly_detector(Call& call) {
  const std::string id = id_in(text_of(call.input, "anomalyDetectorArn"));
  if (anomaly_detectors_.find(scope_of(call), id) == nullptr) return detector_not_found();
  anomaly_detectors_.erase(scope_of(call), id);
  return Reply{};
}

}  // namespace aviary::logs
