#pragma once

#include <vector>

#include "base/json.hpp"
#include "execution/tracer.hpp"

namespace aviary::app {

/// The body of a request to an OTLP/HTTP collector's `/v1/traces`, in OTLP's JSON encoding: ids in
/// hexadecimal, 64-bit numbers as text. Attributes follow OpenTelemetry's conventions for FaaS.
Json otlp_request(const std::vector<execution::Trace>& traces);

}  // namespace aviary::app
