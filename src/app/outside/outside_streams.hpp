#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/outside/aws_endpoint.hpp"
#include "services/lambda/core/stream_source.hpp"

namespace aviary::app {

/// Streams that are elsewhere, polled over their protocol: Kinesis, or DynamoDB's. Lives on the loop's
/// thread.
class OutsideStreams final : public lambda::StreamSource {
 public:
  enum class Kind : std::uint8_t { Kinesis, DynamoDb };
  OutsideStreams(Kind kind, std::unique_ptr<AwsEndpoint> endpoint, Clock& clock)
      : kind_(kind), endpoint_(std::move(endpoint)), clock_(clock) {}

  bool has(std::string_view arn) const override;
  Task<lambda::StreamListing> list(std::string arn) override;
  Task<lambda::StreamPage> read(std::string arn, std::string shard, lambda::StreamPosition from,
                                std::size_t count) override;
  Task<bool> wait(std::string arn, Instant until) override;

 private:
  Json stream_member(const std::string& arn) const;
  Task<AwsEndpoint::Answer> iterator_at(std::string arn, std::string shard, lambda::StreamPosition from);
  lambda::StreamRecord record_of(const OrderedJson& record, const std::string& arn,
                                 const std::string& shard) const;

  Kind kind_;
  std::unique_ptr<AwsEndpoint> endpoint_;
  Clock& clock_;
  std::map<std::string, std::string> iterators_;  ///< by stream, shard and place: what goes on there
};

}  // namespace aviary::app
