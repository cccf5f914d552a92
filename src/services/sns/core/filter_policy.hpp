#pragma once

#include <string>
#include <string_view>

#include "base/event_pattern.hpp"
#include "base/result.hpp"

namespace aviary::sns {

/// A subscription's `FilterPolicy`, or why SNS refuses it. `body`: its scope is `MessageBody`. `within` goes
/// before the reason: `Attributes Reason: ` where Subscribe sets it.
Result<EventPattern> read_filter_policy(const std::string& text, bool body, std::string_view within);

}  // namespace aviary::sns
