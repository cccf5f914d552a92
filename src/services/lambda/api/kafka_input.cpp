#include "services/lambda/api/kafka_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/mapping_input.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/kafka_batch.hpp"
#include "wire/protocol.hpp"

namespace aviary::lambda {
namespace {

constexpr const char* self_managed_config = "SelfManagedKafkaEventSourceConfig";
constexpr const char* msk_config = "AmazonManagedKafkaEventSourceConfig";

AwsError missing(std::string_view parameter) {
  return invalid_parameter(fmt::format("Required '{}' parameter is missing.", parameter));
}

bool is_given(const Json& input, const char* parameter) {
  const Json* given = find_member(input, parameter);
  return given != nullptr && !(given->is_structured() && given->empty());
}

/// How a client may be known to which kind of cluster:
/// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
bool takes_access(bool self_managed, const std::string& type) {
  static constexpr std::string_view of_self_managed[] = {"BASIC_AUTH",
                                                         "VPC_SUBNET",
                                                         "VPC_SECURITY_GROUP",
                                                         "SASL_SCRAM_512_AUTH",
                                                         "SASL_SCRAM_256_AUTH",
                                                         "CLIENT_CERTIFICATE_TLS_AUTH",
                                                         "SERVER_ROOT_CA_CERTIFICATE"};
  static constexpr std::string_view of_msk[] = {"SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH"};
  const std::span<const std::string_view> taken = self_managed
                                                      ? std::span<const std::string_view>(of_self_managed)
                                                      : std::span<const std::string_view>(of_msk);
  return std::ranges::find(taken, type) != taken.end();
}

Result<> read_access(KafkaSettings& kafka, const Json& list) {
  std::vector<KafkaSettings::Access> access;
  for (const Json& each : list) {
    const std::string type = text_of(each, "Type");
    if (!takes_access(kafka.self_managed(), type))
      return invalid_parameter(fmt::format(
          "Unsupported source access configuration type {} for given event source mapping type.", type));
    if (text_of(each, "URI").empty()) return missing("sourceAccessConfigurations.uri");
    access.push_back({.type = type, .uri = text_of(each, "URI")});
  }
  kafka.access = std::move(access);
  return {};
}

std::string source_text(const EventSourceMapping& mapping) {
  if (!mapping.kafka->self_managed()) return mapping.source;
  std::string text;
  for (const std::string& server : mapping.kafka->servers) text += (text.empty() ? "" : ",") + server;
  return text;
}

}  // namespace

Result<> check_kafka_parameters(const EventSourceMapping& mapping, const Json& input, bool creating) {
  static constexpr const char* never[] = {"ScalingConfig", "Queues", "ParallelizationFactor",
                                          "TumblingWindowInSeconds", "DocumentDBEventSourceConfig"};
  const bool self_managed = mapping.source.empty();
  for (const char* parameter : never)
    if (is_given(input, parameter)) return unsupported_parameter(parameter);
  if (is_given(input, self_managed ? msk_config : self_managed_config))
    return unsupported_parameter(self_managed ? msk_config : self_managed_config);
  if (!self_managed && is_given(input, "SelfManagedEventSource"))
    return unsupported_parameter("SelfManagedEventSource");
  if (!creating) return {};
  if (self_managed && find_member(input, "SourceAccessConfigurations") == nullptr)
    return missing("sourceAccessConfigurations");
  if (!is_given(input, "Topics")) return missing("topics");
  return {};
}

Result<> read_kafka_settings(EventSourceMapping& mapping, const Json& input, bool creating) {
  KafkaSettings& kafka = *mapping.kafka;
  if (creating) {
    if (const Json* source = find_member(input, "SelfManagedEventSource")) {
      const Json* endpoints = find_member(*source, "Endpoints");
      const Json* servers = endpoints ? find_member(*endpoints, "KAFKA_BOOTSTRAP_SERVERS") : nullptr;
      if (servers == nullptr || servers->empty()) return missing("selfManagedEventSource.endpoints");
      kafka.servers = servers->get<std::vector<std::string>>();
    }
    kafka.topics = find_member(input, "Topics")->get<std::vector<std::string>>();
    if (!find_member(input, "BatchSize")) mapping.batch_size = 100;
  }
  if (find_member(input, "MaximumBatchingWindowInSeconds")) kafka.window_given = true;
  if (const Json* list = find_member(input, "SourceAccessConfigurations"))
    if (const Result<> read = read_access(kafka, *list); !read) return read.error();
  if (const Json* config = find_member(input, kafka.self_managed() ? self_managed_config : msk_config)) {
    if (find_member(*config, "SchemaRegistryConfig"))
      return AwsError(
          wire::errors::NotImplemented,
          "Aviary's event source mappings do not ask schema registries; leave SchemaRegistryConfig out.");
    if (const std::string& group = text_of(*config, "ConsumerGroupId"); !group.empty()) {
      if (!creating && group != kafka.group)
        return invalid_parameter("The consumer group ID of an event source mapping cannot be changed.");
      kafka.group = group;
    }
  }
  const std::optional<std::string> target = kafka_destination(mapping.on_failure);
  if (target && std::ranges::find(kafka.topics, *target) != kafka.topics.end())
    return invalid_parameter(
        fmt::format("The on-failure destination topic {} must not be the source topic.", *target));
  return {};
}

bool same_topic(const EventSourceMapping& one, const EventSourceMapping& other) {
  return one.kafka.has_value() == other.kafka.has_value() &&
         (!one.kafka ||
          (one.kafka->servers == other.kafka->servers && one.kafka->topics == other.kafka->topics));
}

AwsError kafka_conflict(const EventSourceMapping& mapping, const EventSourceMapping& twin) {
  return conflict(fmt::format(
      "An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{}\") already "
      "exists. Please update or delete the existing mapping with UUID {}",
      source_text(mapping), mapping.function_arn(), mapping.kafka->topics.front(), twin.uuid));
}

void render_kafka(Json& out, const EventSourceMapping& mapping) {
  const KafkaSettings& kafka = *mapping.kafka;
  if (kafka.self_managed()) {
    out.erase("EventSourceArn");
    out["SelfManagedEventSource"]["Endpoints"]["KAFKA_BOOTSTRAP_SERVERS"] = kafka.servers;
  }
  if (!kafka.window_given) out.erase("MaximumBatchingWindowInSeconds");
  out[kafka.self_managed() ? self_managed_config : msk_config]["ConsumerGroupId"] = kafka.group;
  out["Topics"] = kafka.topics;
  Json& access = out["SourceAccessConfigurations"] = Json::array();
  for (const KafkaSettings::Access& each : kafka.access)
    access.push_back({{"Type", each.type}, {"URI", each.uri}});
  // What nobody has set is not shown.
  if (mapping.maximum_retries >= 0) out["MaximumRetryAttempts"] = mapping.maximum_retries;
  if (mapping.maximum_record_age >= 0) out["MaximumRecordAgeInSeconds"] = mapping.maximum_record_age;
  if (mapping.bisects) out["BisectBatchOnFunctionError"] = true;
}

}  // namespace aviary::lambda
