#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aviary::lambda {

/// Which functions a chain of invocations has been through, and how often, is carried in the trace header,
/// where SDKs, queues and topics pass it on:
/// `Root=…;Parent=…;Sampled=0;Lineage=<hash>:<count>|<hash>:<count>`.
///
/// The header with one more run of this function counted. Nothing if the chain has been through it sixteen
/// times already, which is where Lambda ends a loop.
std::optional<std::string> extended_lineage(std::string_view trace, std::string_view function_arn);

}  // namespace aviary::lambda
