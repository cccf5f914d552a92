#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/lambda/core/event_source_mapping.hpp"

namespace aviary::lambda {

/// Refuses parameters that the source of the mapping does not take, before anything else is looked at.
Result<> check_parameters(const EventSourceMapping& mapping, const Json& input);
/// Writes what the request sets into the mapping.
Result<> read_settings(EventSourceMapping& mapping, const Json& input, bool creating);

}  // namespace aviary::lambda
