#include "execution/platform_log.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "execution/environment_variables.hpp"
#include "execution/trace_header.hpp"
#include "services/lambda/core/runtimes.hpp"

namespace aviary::execution::platform_log {
namespace {

double milliseconds(std::chrono::nanoseconds duration) { return static_cast<double>(duration.count()) / 1e6; }

// What every invocation writes is formatted by patterns that were parsed when this was compiled.

/// Milliseconds with two decimals, by whole numbers: a fifth of the time that formatting a double takes.
std::string two_decimals(std::chrono::nanoseconds duration) {
  const auto hundredths = static_cast<std::uint64_t>((duration.count() + 5000) / 10000);
  return fmt::format(FMT_COMPILE("{}.{:02}"), hundredths / 100, hundredths % 100);
}

/// Two decimals, as a number, for the JSON format.
double rounded(std::chrono::nanoseconds duration) { return std::round(milliseconds(duration) * 100) / 100; }

std::uint64_t whole_megabytes(std::uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

bool json_format(const lambda::Version& version) { return version.configuration->log_format == "JSON"; }

constexpr std::array<std::string_view, 6> levels{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

/// Position in `levels`; INFO for what is none.
std::size_t level_number(std::string_view level) {
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (levels[i] == level) return i;
  return 2;
}

bool system_level_passes(const lambda::Version& version, std::string_view level) {
  return level_number(level) >= level_number(version.configuration->system_log_level);
}

std::string event(Instant now, std::string_view type, OrderedJson record) {
  OrderedJson line;
  line["time"] = iso8601(now);
  line["type"] = type;
  line["record"] = std::move(record);
  return line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

/// Of the traced invocations: what the header says, as the documents of the JSON format have it.
OrderedJson tracing(const TraceHeader& header, std::string_view text) {
  OrderedJson member;
  member["spanId"] = header.parent;
  member["type"] = "X-Amzn-Trace-Id";
  member["value"] = text;
  return member;
}

/// The header of an invocation that is traced and sampled; else nothing.
std::optional<TraceHeader> sampled_trace(std::string_view text) {
  if (text.empty()) return std::nullopt;
  TraceHeader header = TraceHeader::parse(text);
  if (!header.sampled.value_or(false)) return std::nullopt;
  return header;
}

std::string runtime_version(const lambda::Version& version) {
  return runtime_label(version.configuration->runtime) + ".v1";
}

}  // namespace

std::string_view status(InvocationEnd end) {
  switch (end) {
    case InvocationEnd::Success:
      return "success";
    case InvocationEnd::FunctionError:
      return "error";
    case InvocationEnd::Timeout:
      return "timeout";
    default:
      return "failure";
  }
}

std::uint64_t billed_ms(std::chrono::nanoseconds duration, std::chrono::nanoseconds init_duration) {
  return static_cast<std::uint64_t>(
      std::chrono::ceil<std::chrono::milliseconds>(duration + init_duration).count());
}

std::string init_start(const lambda::Version& version, Instant now, std::string_view type) {
  const std::string& runtime = version.configuration->runtime;
  // An image's runtime is its own.
  const bool image = version.configuration->package_type == "Image";
  if (!json_format(version) && image) return {};
  if (!json_format(version))
    return fmt::format("INIT_START Runtime Version: {}\tRuntime Version ARN: {}\n", runtime_version(version),
                       lambda::runtime_version_arn(version.scope.region, runtime));
  if (!system_level_passes(version, "INFO")) return {};
  OrderedJson record;
  record["initializationType"] = type;
  record["phase"] = "init";
  if (!image) {
    record["runtimeVersion"] = runtime_version(version);
    record["runtimeVersionArn"] = lambda::runtime_version_arn(version.scope.region, runtime);
  }
  record["functionName"] = version.function_name;
  record["functionVersion"] = version.number;
  return event(now, "platform.initStart", std::move(record));
}

std::string init_report(const lambda::Version& version, Instant now, InitPhase phase,
                        std::chrono::nanoseconds duration, const Failure& failure, std::string_view type) {
  const std::string_view phase_name = phase == InitPhase::Init ? "init" : "invoke";
  const bool timeout = failure.end == InvocationEnd::Timeout;
  if (!json_format(version)) {
    if (timeout)
      return fmt::format("INIT_REPORT Init Duration: {} ms\tPhase: {}\tStatus: timeout\n",
                         two_decimals(duration), phase_name);
    return fmt::format("INIT_REPORT Init Duration: {} ms\tPhase: {}\tStatus: error\tError Type: {}\n",
                       two_decimals(duration), phase_name, failure.type);
  }
  if (!system_level_passes(version, "WARN")) return {};
  OrderedJson record;
  record["initializationType"] = type;
  record["phase"] = phase_name;
  record["status"] = timeout ? "timeout" : "error";
  if (!timeout) record["errorType"] = failure.type;
  record["metrics"]["durationMs"] = rounded(duration);
  return event(now, "platform.initReport", std::move(record));
}

std::string init_done(const lambda::Version& version, Instant now, std::chrono::nanoseconds duration,
                      std::string_view type) {
  if (!json_format(version))
    return fmt::format("INIT_REPORT Init Duration: {:.2f} ms\n", milliseconds(duration));
  if (!system_level_passes(version, "INFO")) return {};
  OrderedJson record;
  record["initializationType"] = type;
  record["phase"] = "init";
  record["status"] = "success";
  record["metrics"]["durationMs"] = rounded(duration);
  return event(now, "platform.initReport", std::move(record));
}

std::string restore_start(const lambda::Version& version, Instant now) {
  const std::string& runtime = version.configuration->runtime;
  if (!json_format(version))
    return fmt::format("RESTORE_START Runtime Version: {}\tRuntime Version ARN: {}\n",
                       runtime_version(version), lambda::runtime_version_arn(version.scope.region, runtime));
  if (!system_level_passes(version, "INFO")) return {};
  OrderedJson record;
  record["runtimeVersion"] = runtime_version(version);
  record["runtimeVersionArn"] = lambda::runtime_version_arn(version.scope.region, runtime);
  record["functionName"] = version.function_name;
  record["functionVersion"] = version.number;
  return event(now, "platform.restoreStart", std::move(record));
}

std::string restore_report(const lambda::Version& version, Instant now, std::chrono::nanoseconds duration,
                           InvocationEnd end) {
  const bool well = end == InvocationEnd::Success;
  if (!json_format(version)) {
    std::string line = fmt::format("RESTORE_REPORT Restore Duration: {:.2f} ms", milliseconds(duration));
    if (!well) line += fmt::format("\tStatus: {}", status(end));
    return line += '\n';
  }
  if (!system_level_passes(version, well ? "INFO" : "WARN")) return {};
  OrderedJson record;
  record["status"] = status(end);
  record["metrics"]["durationMs"] = rounded(duration);
  return event(now, "platform.restoreReport", std::move(record));
}

std::string start(const lambda::Version& version, Instant now, std::string_view request_id,
                  std::string_view arn, std::string_view tenant_id, std::string_view trace) {
  if (!json_format(version))
    return fmt::format(FMT_COMPILE("START RequestId: {} Version: {}\n"), request_id, version.number);
  if (!system_level_passes(version, "INFO")) return {};
  OrderedJson record;
  record["requestId"] = request_id;
  record["functionArn"] = arn;
  record["version"] = version.number;
  if (!tenant_id.empty()) record["tenantId"] = tenant_id;
  if (const auto header = sampled_trace(trace)) record["tracing"] = tracing(*header, trace);
  return event(now, "platform.start", std::move(record));
}

std::string end(const lambda::Version& version, Instant now, const Report& report) {
  if (!json_format(version)) return fmt::format(FMT_COMPILE("END RequestId: {}\n"), report.request_id);
  if (!system_level_passes(version, report.end == InvocationEnd::Success ? "DEBUG" : "WARN")) return {};
  OrderedJson record;
  record["requestId"] = report.request_id;
  record["status"] = status(report.end);
  if (!report.error_type.empty()) record["errorType"] = report.error_type;
  record["metrics"]["durationMs"] = rounded(report.duration);
  return event(now, "platform.runtimeDone", std::move(record));
}

std::string report(const lambda::Version& version, Instant now, const Report& report) {
  const std::int64_t memory = version.configuration->memory_mb;
  const std::uint64_t used = whole_megabytes(report.max_memory_bytes);
  const std::uint64_t restored =
      report.restore_duration ? billed_ms(*report.restore_duration, std::chrono::nanoseconds{}) : 0;
  const std::uint64_t billed = billed_ms(report.duration, report.init_duration) + restored;
  if (!json_format(version)) {
    std::string line = fmt::format(
        FMT_COMPILE("REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax "
                    "Memory Used: {} MB\t"),
        report.request_id, two_decimals(report.duration), billed, memory, used);
    if (report.init_duration.count() > 0)
      line += fmt::format("Init Duration: {} ms\t", two_decimals(report.init_duration));
    if (report.restore_duration)
      line += fmt::format("Restore Duration: {} ms\tBilled Restore Duration: {} ms\t",
                          two_decimals(*report.restore_duration), restored);
    // An error that the function reported is not the platform's: AWS's line says nothing of it.
    if (report.end == InvocationEnd::Timeout)
      line += "Status: timeout\t";
    else if (report.end == InvocationEnd::Failure)
      line += fmt::format("Status: error\tError Type: {}\t", report.error_type);
    line += '\n';
    // In the same event, as AWS has it.
    if (const auto header = sampled_trace(report.trace))
      line += fmt::format("XRAY TraceId: {}\tSegmentId: {}\tSampled: true\t\n", header->root, header->parent);
    return line;
  }
  if (!system_level_passes(version, report.end == InvocationEnd::Success ? "INFO" : "WARN")) return {};
  OrderedJson record;
  record["requestId"] = report.request_id;
  if (!report.tenant_id.empty()) record["tenantId"] = report.tenant_id;
  if (const auto header = sampled_trace(report.trace)) record["tracing"] = tracing(*header, report.trace);
  OrderedJson& metrics = record["metrics"];
  metrics["durationMs"] = rounded(report.duration);
  metrics["billedDurationMs"] = billed;
  metrics["memorySizeMB"] = memory;
  metrics["maxMemoryUsedMB"] = used;
  if (report.init_duration.count() > 0) metrics["initDurationMs"] = rounded(report.init_duration);
  if (report.restore_duration) {
    metrics["restoreDurationMs"] = rounded(*report.restore_duration);
    metrics["billedRestoreDurationMs"] = restored;
  }
  record["status"] = status(report.end);
  if (!report.error_type.empty()) record["errorType"] = report.error_type;
  return event(now, "platform.report", std::move(record));
}

std::string failure(Instant now, std::string_view request_id, const Failure& failure) {
  if (failure.posted) return {};
  if (failure.end == InvocationEnd::Timeout)
    return fmt::format("{} {} {}\n\n", iso8601(now), request_id, failure.message);
  return fmt::format("RequestId: {} Error: {}\n{}\n", request_id, failure.message, failure.type);
}

std::string extension(const lambda::Version& version, Instant now, const Extensions::Extension& extension) {
  const bool ready = extension.state == ExtensionState::Ready;
  if (!json_format(version)) {
    std::string line = fmt::format("EXTENSION\tName: {}\tState: {}\tEvents: {}", extension.name,
                                   name(extension.state), event_list(extension));
    if (!extension.error_type.empty()) line += "\tError Type: " + extension.error_type;
    return line += '\n';
  }
  if (!system_level_passes(version, ready ? "DEBUG" : "WARN")) return {};
  OrderedJson record;
  record["name"] = extension.name;
  record["state"] = name(extension.state);
  record["events"] = OrderedJson::array();
  if (extension.invoke) record["events"].push_back("INVOKE");
  if (extension.shutdown) record["events"].push_back("SHUTDOWN");
  if (!extension.error_type.empty()) record["errorType"] = extension.error_type;
  return event(now, "platform.extension", std::move(record));
}

std::string subscription(const lambda::Version& version, Instant now,
                         const TelemetrySubscription& subscription) {
  if (!json_format(version))
    return fmt::format("{}\tName: {}\tState: Subscribed\tTypes: {}\n",
                       subscription.logs_api ? "LOGS" : "TELEMETRY", subscription.extension,
                       type_list(subscription));
  if (!system_level_passes(version, "DEBUG")) return {};
  OrderedJson record;
  record["name"] = subscription.extension;
  record["state"] = "Subscribed";
  record["types"] = type_names(subscription);
  return event(now, subscription.logs_api ? "platform.logsSubscription" : "platform.telemetrySubscription",
               std::move(record));
}

bool application_line_passes(const lambda::Configuration& configuration, std::string_view line) {
  if (configuration.log_format != "JSON" || configuration.application_log_level.empty()) return true;
  const std::size_t wanted = level_number(configuration.application_log_level);
  if (wanted == 0) return true;
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] != '{') return true;  // plain output is never filtered
  const Json parsed = parse_bounded<Json>(line);
  if (!parsed.is_object()) return true;
  const auto level = parsed.find("level");
  // Lambda gives INFO to a JSON line without a level.
  if (level == parsed.end() || !level->is_string()) return level_number("INFO") >= wanted;
  return level_number(level->get_ref<const std::string&>()) >= wanted;
}

}  // namespace aviary::execution::platform_log
