#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "services/kinesis/core/scope.hpp"

/// What Kinesis says when it refuses. Texts as the clients' tests and kinesalite have recorded them from AWS.
namespace aviary::kinesis {

AwsError no_such_stream(const StreamId& id);
AwsError no_such_shard(const StreamId& id, std::string_view shard);
AwsError not_found(std::string text);
AwsError in_use(std::string text);
AwsError invalid_argument(std::string text);
AwsError limit_exceeded(std::string text);
AwsError validation(std::string text);

}  // namespace aviary::kinesis
