#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "execution/extensions.hpp"
#include "execution/failure.hpp"
#include "execution/platform_log.hpp"
#include "services/lambda/core/version.hpp"

/// The records of the Telemetry API's platform events, as pure functions.
/// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
namespace aviary::execution::telemetry_records {

OrderedJson init_start(const lambda::Version& version, platform_log::InitPhase phase, std::string_view type,
                       std::string_view instance);
OrderedJson init_runtime_done(std::string_view type, platform_log::InitPhase phase, const Failure* failure);
OrderedJson init_report(std::string_view type, platform_log::InitPhase phase,
                        std::chrono::nanoseconds duration, const Failure* failure);
OrderedJson restore_start(const lambda::Version& version, std::string_view instance);
OrderedJson restore_runtime_done(InvocationEnd how, std::string_view error_type);
OrderedJson restore_report(std::chrono::nanoseconds duration, InvocationEnd how, std::string_view error_type);
OrderedJson start(const lambda::Version& version, std::string_view request_id, std::string_view trace_id);
OrderedJson end(std::string_view request_id);

struct RuntimeDone {
  std::string_view request_id;
  InvocationEnd end = InvocationEnd::Success;
  std::string_view error_type{};
  std::chrono::nanoseconds duration{};
  std::size_t produced_bytes = 0;
  Instant begun{};
  std::chrono::nanoseconds response_latency{};  ///< until the response came
};
OrderedJson runtime_done(const RuntimeDone& done);
OrderedJson report(const lambda::Version& version, const platform_log::Report& report);
OrderedJson extension(const Extensions::Extension& extension);

}  // namespace aviary::execution::telemetry_records
