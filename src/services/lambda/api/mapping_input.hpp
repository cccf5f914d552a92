#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/lambda/core/event_source_mapping.hpp"

namespace aviary::lambda {

/// A parameter that the kind of source does not take.
AwsError unsupported_parameter(std::string_view parameter);
/// Refuses parameters that the source of the mapping does not take, before anything else is looked at.
Result<> check_parameters(const EventSourceMapping& mapping, const Json& input, bool creating);
/// Writes what the request sets into the mapping.
Result<> read_settings(EventSourceMapping& mapping, const Json& input, bool creating);

}  // namespace aviary::lambda
