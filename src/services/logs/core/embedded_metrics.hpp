#pragma once

#include <string_view>

#include "services/logs/core/log_group.hpp"
#include "services/logs/core/metric_sink.hpp"

namespace aviary::logs {

/// Whether an event may carry metrics in the embedded metric format: decides in one pass over the text, most
/// often at its first byte.
bool may_embed_metrics(std::string_view text) noexcept;

/// Publishes the metrics that an event carries in the embedded metric format (an `_aws` member that names
/// which other members are metrics and which are dimensions). What calls itself so and is not well-formed
/// publishes nothing of its own, and counts in `AWS/Logs` as EMFParsingErrors or EMFValidationErrors of the
/// group.
///
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
void publish_embedded_metrics(const LogGroup& group, Millis at, std::string_view text, MetricSink& sink);

}  // namespace aviary::logs
