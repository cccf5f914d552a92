#include "services/kinesis/core/errors.hpp"

#include <fmt/format.h>

#include "models/kinesis.hpp"

namespace aviary::kinesis {

namespace rows = models::kinesis::errors;

AwsError no_such_stream(const StreamId& id) {
  return not_found(fmt::format("Stream {} under account {} not found.", id.name, id.scope.account));
}

AwsError no_such_shard(const StreamId& id, std::string_view shard) {
  return not_found(fmt::format("Could not find shard {} in stream {} under account {}.", shard, id.name,
                               id.scope.account));
}

AwsError not_found(std::string text) { return {rows::ResourceNotFoundException, std::move(text)}; }
AwsError in_use(std::string text) { return {rows::ResourceInUseException, std::move(text)}; }
AwsError invalid_argument(std::string text) { return {rows::InvalidArgumentException, std::move(text)}; }
AwsError limit_exceeded(std::string text) { return {rows::LimitExceededException, std::move(text)}; }
AwsError validation(std::string text) { return {rows::ValidationException, std::move(text)}; }

}  // namespace aviary::kinesis
