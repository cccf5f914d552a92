#include "services/lambda/api/mapping_input.hpp"

#include <fmt/format.h>

#include "services/lambda/api/input.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

AwsError unsupported(std::string_view parameter) {
  return invalid_parameter(
      fmt::format("Unsupported {} parameter for given event source mapping type.", parameter));
}

}  // namespace

Result<> check_parameters(const EventSourceMapping& mapping, const Json& input) {
  if (!mapping.is_queue()) return {};
  // Recorded for DestinationConfig; the others follow it.
  for (const char* parameter :
       {"DestinationConfig", "StartingPosition", "StartingPositionTimestamp", "ParallelizationFactor",
        "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
        "TumblingWindowInSeconds", "Topics", "Queues", "SourceAccessConfigurations", "SelfManagedEventSource",
        "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig",
        "DocumentDBEventSourceConfig"})
    if (const Json* given = find_member(input, parameter);
        given && !(given->is_structured() && given->empty()))
      return unsupported(parameter);
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
