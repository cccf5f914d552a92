#include "services/lambda/api/mapping_input.hpp"

#include <fmt/format.h>

#include <cmath>
#include <span>

#include "services/lambda/api/input.hpp"
#include "services/lambda/api/kafka_input.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/kafka_batch.hpp"

namespace aviary::lambda {
namespace {

AwsError null_member(std::string_view member) {
  return invalid_parameter(
      fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must "
                  "not be null.",
                  member));
}

Result<> read_starting_position(EventSourceMapping& mapping, const Json& input) {
  mapping.starting_position = text_of(input, "StartingPosition");
  if (mapping.starting_position.empty()) return null_member("startingPosition");
  const Json* timestamp = find_member(input, "StartingPositionTimestamp");
  if (mapping.starting_position != "AT_TIMESTAMP") {
    if (timestamp)
      return invalid_parameter(
          "StartingPositionTimestamp can only be specified when StartingPosition is AT_TIMESTAMP.");
    return {};
  }
  if (mapping.kind() == SourceKind::DynamoDb)
    return invalid_parameter("Unsupported starting position for arn type: " + mapping.source);
  if (timestamp == nullptr) return null_member("startingPositionTimestamp");
  const double seconds = std::clamp(timestamp->get<double>(), -9e12, 9e12);
  mapping.starting_timestamp = Instant(Duration(std::llround(seconds * 1e6)));
  return {};
}

Result<> read_destination(EventSourceMapping& mapping, const Json& config) {
  const Json* success = find_member(config, "OnSuccess");
  if (success != nullptr && !text_of(*success, "Destination").empty())
    return invalid_parameter("Unsupported destination type OnSuccess for given event source mapping type.");
  mapping.on_failure.clear();
  const Json* failure = find_member(config, "OnFailure");
  if (failure == nullptr) return {};
  const std::string& target = text_of(*failure, "Destination");
  const auto is_of = [&](std::string_view service) {
    return target.find(fmt::format(":{}:", service)) != std::string::npos;
  };
  const bool of_cluster = mapping.is_kafka() && kafka_destination(target).value_or("") != "";
  if (!target.empty() && !of_cluster && !is_of("sqs") && !is_of("sns") && !is_of("s3"))
    return invalid_parameter(fmt::format("The destination ARN {} is invalid.", target));
  mapping.on_failure = target;
  return {};
}

Result<> read_stream_settings(EventSourceMapping& mapping, const Json& input, bool creating) {
  if (creating && mapping.is_kafka() && text_of(input, "StartingPosition").empty()) {
    mapping.starting_position = "TRIM_HORIZON";
  } else if (creating) {
    if (const Result<> read = read_starting_position(mapping, input); !read) return read.error();
    if (!find_member(input, "BatchSize")) mapping.batch_size = 100;
  }
  const auto number = [&](const char* name, int& setting) {
    if (const Json* given = find_member(input, name)) setting = given->get<int>();
  };
  number("ParallelizationFactor", mapping.parallelization);
  number("MaximumRetryAttempts", mapping.maximum_retries);
  number("MaximumRecordAgeInSeconds", mapping.maximum_record_age);
  number("TumblingWindowInSeconds", mapping.tumbling_window);
  if (find_member(input, "BisectBatchOnFunctionError"))
    mapping.bisects = flag_of(input, "BisectBatchOnFunctionError");
  if (mapping.maximum_record_age >= 0 && mapping.maximum_record_age < 60)
    return invalid_parameter("MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.");
  if (const Json* config = find_member(input, "DestinationConfig")) return read_destination(mapping, *config);
  return {};
}

}  // namespace

AwsError unsupported_parameter(std::string_view parameter) {
  return invalid_parameter(
      fmt::format("Unsupported {} parameter for given event source mapping type.", parameter));
}

Result<> check_parameters(const EventSourceMapping& mapping, const Json& input, bool creating) {
  if (mapping.is_kafka()) return check_kafka_parameters(mapping, input, creating);
  // Recorded for DestinationConfig on a queue; the others follow it.
  static constexpr const char* not_of_queues[] = {"DestinationConfig",
                                                  "StartingPosition",
                                                  "StartingPositionTimestamp",
                                                  "ParallelizationFactor",
                                                  "BisectBatchOnFunctionError",
                                                  "MaximumRecordAgeInSeconds",
                                                  "MaximumRetryAttempts",
                                                  "TumblingWindowInSeconds",
                                                  "Topics",
                                                  "Queues",
                                                  "SourceAccessConfigurations",
                                                  "SelfManagedEventSource",
                                                  "AmazonManagedKafkaEventSourceConfig",
                                                  "SelfManagedKafkaEventSourceConfig",
                                                  "DocumentDBEventSourceConfig",
                                                  "LoggingConfig"};
  static constexpr const char* not_of_streams[] = {"ScalingConfig",
                                                   "ProvisionedPollerConfig",
                                                   "Topics",
                                                   "Queues",
                                                   "SourceAccessConfigurations",
                                                   "SelfManagedEventSource",
                                                   "AmazonManagedKafkaEventSourceConfig",
                                                   "SelfManagedKafkaEventSourceConfig",
                                                   "DocumentDBEventSourceConfig",
                                                   "LoggingConfig"};
  const std::span<const char* const> refused = mapping.is_queue()
                                                   ? std::span<const char* const>(not_of_queues)
                                                   : std::span<const char* const>(not_of_streams);
  for (const char* parameter : refused)
    if (const Json* given = find_member(input, parameter);
        given && !(given->is_structured() && given->empty()))
      return unsupported_parameter(parameter);
  return {};
}

Result<> read_settings(EventSourceMapping& mapping, const Json& input, bool creating) {
  if (const Json* enabled = find_member(input, "Enabled")) mapping.enabled = enabled->get<bool>();
  if (const Json* size = find_member(input, "BatchSize")) mapping.batch_size = size->get<int>();
  if (const Json* window = find_member(input, "MaximumBatchingWindowInSeconds"))
    mapping.window = window->get<int>();
  if (const Json* tags = find_member(input, "Tags"); tags && creating)
    mapping.tags = tags->get<std::map<std::string, std::string>>();
  if (const Json* types = find_member(input, "FunctionResponseTypes"))
    mapping.reports_failures = !types->empty();
  if (const Json* scaling = find_member(input, "ScalingConfig")) {
    const Json* most = find_member(*scaling, "MaximumConcurrency");
    mapping.maximum_concurrency = most ? std::optional(most->get<int>()) : std::nullopt;
  }
  for (const char* name : {"KMSKeyArn", "MetricsConfig", "LoggingConfig", "ProvisionedPollerConfig"})
    if (const Json* given = find_member(input, name)) {
      mapping.recorded[name] = *given;
      if (*given == "") mapping.recorded.erase(name);
    }
  if (mapping.is_stream() || mapping.is_kafka())
    if (const Result<> read = read_stream_settings(mapping, input, creating); !read) return read.error();
  if (mapping.is_kafka())
    if (const Result<> read = read_kafka_settings(mapping, input, creating); !read) return read.error();
  const Json* criteria = find_member(input, "FilterCriteria");
  if (criteria == nullptr) return {};
  mapping.filters.clear();
  const Json* filters = find_member(*criteria, "Filters");
  if (filters == nullptr) return {};
  for (const Json& filter : *filters) {
    const std::string& pattern = text_of(filter, "Pattern");
    if (std::holds_alternative<std::string>(EventPattern::parse(std::string_view(pattern))))
      return invalid_parameter("Invalid filter pattern definition.");
    mapping.filters.push_back(pattern);
  }
  if (mapping.filters.size() > 10)  // five, and ten on request
    return invalid_parameter("Filter criteria can not have more than 10 filters.");
  return {};
}

}  // namespace aviary::lambda
