#include "execution/telemetry_records.hpp"

#include <fmt/format.h>

#include <cmath>

#include "execution/environment_variables.hpp"
#include "services/lambda/core/runtimes.hpp"

namespace aviary::execution::telemetry_records {
namespace {

double shown_ms(std::chrono::nanoseconds duration) {
  return std::round(static_cast<double>(duration.count()) / 1e4) / 100;
}

std::string_view phase_text(platform_log::InitPhase phase) {
  return phase == platform_log::InitPhase::Init ? "init" : "invoke";
}

void put_failure(OrderedJson& record, const Failure* failure) {
  record["status"] = failure == nullptr                       ? "success"
                     : failure->end == InvocationEnd::Timeout ? "timeout"
                                                              : "error";
  if (failure != nullptr) record["errorType"] = failure->type;
}

}  // namespace

OrderedJson init_start(const lambda::Version& version, platform_log::InitPhase phase, std::string_view type,
                       std::string_view instance) {
  const lambda::Configuration& configuration = *version.configuration;
  OrderedJson record;
  record["initializationType"] = type;
  record["phase"] = phase_text(phase);
  record["runtimeVersion"] = runtime_label(configuration.runtime) + ".v1";
  record["runtimeVersionArn"] = lambda::runtime_version_arn(version.scope.region, configuration.runtime);
  record["functionName"] = version.function_name;
  record["functionVersion"] = version.number;
  record["functionArn"] = version.function_arn();
  record["instanceId"] = instance;
  record["instanceMaxMemory"] = static_cast<std::int64_t>(configuration.memory_mb) << 20;
  return record;
}

OrderedJson init_runtime_done(std::string_view type, platform_log::InitPhase phase, const Failure* failure) {
  OrderedJson record;
  record["initializationType"] = type;
  record["phase"] = phase_text(phase);
  put_failure(record, failure);
  return record;
}

OrderedJson init_report(std::string_view type, platform_log::InitPhase phase,
                        std::chrono::nanoseconds duration, const Failure* failure) {
  OrderedJson record = init_runtime_done(type, phase, failure);
  record["metrics"]["durationMs"] = shown_ms(duration);
  return record;
}

OrderedJson restore_start(const lambda::Version& version, std::string_view instance) {
  const lambda::Configuration& configuration = *version.configuration;
  OrderedJson record;
  record["runtimeVersion"] = runtime_label(configuration.runtime) + ".v1";
  record["runtimeVersionArn"] = lambda::runtime_version_arn(version.scope.region, configuration.runtime);
  record["functionName"] = version.function_name;
  record["functionVersion"] = version.number;
  record["instanceId"] = instance;
  record["instanceMaxMemory"] = static_cast<std::int64_t>(configuration.memory_mb) << 20;
  return record;
}

/// "There are three possible statuses: success, failure, and timeout" [developer guide, "Monitoring for
/// Lambda SnapStart"].
OrderedJson restore_runtime_done(InvocationEnd how, std::string_view error_type) {
  OrderedJson record;
  record["status"] = platform_log::status(how == InvocationEnd::FunctionError ? InvocationEnd::Failure : how);
  if (!error_type.empty()) record["errorType"] = error_type;
  return record;
}

OrderedJson restore_report(std::chrono::nanoseconds duration, InvocationEnd how,
                           std::string_view error_type) {
  OrderedJson record = restore_runtime_done(how, error_type);
  record["metrics"]["durationMs"] = shown_ms(duration);
  return record;
}

OrderedJson start(const lambda::Version& version, std::string_view request_id, std::string_view trace_id) {
  OrderedJson record;
  record["requestId"] = request_id;
  record["version"] = version.number;
  if (!trace_id.empty()) {
    record["tracing"]["type"] = "X-Amzn-Trace-Id";
    record["tracing"]["value"] = trace_id;
  }
  return record;
}

OrderedJson end(std::string_view request_id) {
  OrderedJson record;
  record["requestId"] = request_id;
  return record;
}

OrderedJson runtime_done(const RuntimeDone& done) {
  OrderedJson record;
  record["requestId"] = done.request_id;
  record["status"] = platform_log::status(done.end);
  if (!done.error_type.empty()) record["errorType"] = done.error_type;
  record["metrics"]["durationMs"] = shown_ms(done.duration);
  record["metrics"]["producedBytes"] = done.produced_bytes;
  const auto span = [](std::string_view name, Instant from, std::chrono::nanoseconds length) {
    OrderedJson made;
    made["name"] = name;
    made["start"] = iso8601(from);
    made["durationMs"] = shown_ms(length);
    return made;
  };
  const Instant answered = done.begun + std::chrono::duration_cast<Duration>(done.response_latency);
  record["spans"] = {span("responseLatency", done.begun, done.response_latency),
                     span("responseDuration", answered, {}),
                     span("runtimeOverhead", answered, done.duration - done.response_latency)};
  return record;
}

OrderedJson report(const lambda::Version& version, const platform_log::Report& report) {
  OrderedJson record;
  record["requestId"] = report.request_id;
  OrderedJson& metrics = record["metrics"];
  metrics["durationMs"] = shown_ms(report.duration);
  const std::uint64_t restored =
      report.restore_duration ? platform_log::billed_ms(*report.restore_duration, {}) : 0;
  metrics["billedDurationMs"] = platform_log::billed_ms(report.duration, report.init_duration) + restored;
  metrics["memorySizeMB"] = version.configuration->memory_mb;
  metrics["maxMemoryUsedMB"] = (report.max_memory_bytes + (1 << 20) - 1) >> 20;
  if (report.init_duration.count() > 0) metrics["initDurationMs"] = shown_ms(report.init_duration);
  if (report.restore_duration) {
    metrics["restoreDurationMs"] = shown_ms(*report.restore_duration);
    metrics["billedRestoreDurationMs"] = restored;
  }
  record["status"] = platform_log::status(report.end);
  if (!report.error_type.empty()) record["errorType"] = report.error_type;
  return record;
}

OrderedJson extension(const Extensions::Extension& extension) {
  OrderedJson record;
  record["name"] = extension.name;
  record["state"] = name(extension.state);
  record["events"] = OrderedJson::array();
  if (extension.invoke) record["events"].push_back("INVOKE");
  if (extension.shutdown) record["events"].push_back("SHUTDOWN");
  if (!extension.error_type.empty()) record["errorType"] = extension.error_type;
  return record;
}

}  // namespace aviary::execution::telemetry_records
