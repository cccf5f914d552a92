#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ports/kafka.hpp"

namespace aviary::host {

/// librdkafka's configuration, in its own words.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// What consumer and producer have in common: the way to the brokers. `ca_bundle`: certificates that are
/// believed in place of the system's; empty: none.
KafkaProperties client_properties(const KafkaConnection& to, const std::string& ca_bundle);
KafkaProperties consumer_properties(const KafkaConnection& to);

}  // namespace aviary::host
