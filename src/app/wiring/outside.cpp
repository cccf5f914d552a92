#include <cstdlib>

#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {
namespace {

/// What every AWS client asks; services on the same machine take any.
std::string variable(const char* name, std::string otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::string(value) : std::move(otherwise);
}

std::unique_ptr<AwsEndpoint> endpoint_at(Parts& parts, const http::Url& address, std::string prefix,
                                         std::string version, std::string service) {
  AwsEndpoint::Settings settings{.address = address,
                                 .trust = parts.trust,
                                 .target_prefix = std::move(prefix),
                                 .json_version = std::move(version),
                                 .signer = {.access_key_id = variable("AWS_ACCESS_KEY_ID", "aviary"),
                                            .secret = variable("AWS_SECRET_ACCESS_KEY", "aviary"),
                                            .session_token = variable("AWS_SESSION_TOKEN", {}),
                                            .region = {},
                                            .service = std::move(service)}};
  return std::make_unique<AwsEndpoint>(parts.loop.get_executor(), parts.clock, parts.stopwatch,
                                       std::move(settings));
}

}  // namespace

/// Sources that `--endpoint` names come before this emulator's own.
void add_outside(Parts& parts) {
  const Endpoints endpoints = parse_endpoints(parts.options.endpoint);
  const auto add = [&parts](OutsideStreams::Kind kind, std::unique_ptr<AwsEndpoint> endpoint) {
    parts.outside_streams.push_back(std::make_unique<OutsideStreams>(kind, std::move(endpoint), parts.clock));
    parts.lambda->mappings().engine().attach(parts.outside_streams.back().get());
  };
  // Whoever has the tables has their streams, unless somebody else is named for these.
  auto streams = endpoints.by_service.find("dynamodbstreams");
  if (streams == endpoints.by_service.end()) streams = endpoints.by_service.find("dynamodb");
  if (streams != endpoints.by_service.end())
    add(OutsideStreams::Kind::DynamoDb,
        endpoint_at(parts, streams->second, "DynamoDBStreams_20120810", "1.0", "dynamodb"));
  if (const auto kinesis = endpoints.by_service.find("kinesis"); kinesis != endpoints.by_service.end())
    add(OutsideStreams::Kind::Kinesis,
        endpoint_at(parts, kinesis->second, "Kinesis_20131202", "1.1", "kinesis"));
  if (const auto sqs = endpoints.by_service.find("sqs"); sqs != endpoints.by_service.end()) {
    parts.outside_queues = std::make_unique<OutsideQueues>(
        endpoint_at(parts, sqs->second, "AmazonSQS", "1.0", "sqs"), parts.clock);
    parts.lambda->mappings().engine().attach(parts.outside_queues.get());
  }
  parts.kafka = std::make_unique<host::KafkaClient>(parts.loop.get_executor(), *parts.workers,
                                                    parts.options.ca_bundle.string());
  parts.lambda->mappings().engine().attach(
      lambda::KafkaTies{.kafka = parts.kafka.get(), .secrets = parts.secrets, .brokers = endpoints.kafka});
}

}  // namespace aviary::app
