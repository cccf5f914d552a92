#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace aviary::kinesis {

/// Where streams live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

/// Names one stream of all.
struct StreamId {
  Scope scope;
  std::string name;
  auto operator<=>(const StreamId&) const = default;
};

std::string stream_arn(const StreamId& id);
/// Nothing (an empty name) for what is no stream's ARN.
StreamId parse_stream_arn(std::string_view arn);

/// A stream's consumer as its ARN names it: `…:stream/orders/consumer/audit:1705314600`.
struct ConsumerId {
  StreamId stream;
  std::string name;
  std::string created;  ///< seconds since the epoch
};
/// Nothing (an empty name) for what is no consumer's ARN.
ConsumerId parse_consumer_arn(std::string_view arn);

}  // namespace aviary::kinesis
