#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/lambda/core/event_source_mapping.hpp"

namespace aviary::lambda {

/// Refuses parameters that mappings on Kafka do not take, and those that are missing.
Result<> check_kafka_parameters(const EventSourceMapping& mapping, const Json& input, bool creating);
/// Writes what is special about Kafka into the mapping, which has its `kafka` already.
Result<> read_kafka_settings(EventSourceMapping& mapping, const Json& input, bool creating);
/// The same topic of the same cluster.
bool same_topic(const EventSourceMapping& one, const EventSourceMapping& other);
AwsError kafka_conflict(const EventSourceMapping& mapping, const EventSourceMapping& twin);
/// Adds to what is shown of the mapping.
void render_kafka(Json& out, const EventSourceMapping& mapping);

}  // namespace aviary::lambda
