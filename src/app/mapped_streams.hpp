#pragma once

#include "services/kinesis/api/kinesis_service.hpp"
#include "services/lambda/core/stream_source.hpp"

namespace aviary::app {

/// Kinesis as Lambda's event source mappings see it.
class MappedStreams final : public lambda::StreamSource {
 public:
  explicit MappedStreams(kinesis::KinesisService& streams) : streams_(streams) {}

  bool has(std::string_view arn) const override;
  Task<lambda::StreamListing> list(std::string arn) override;
  Task<lambda::StreamPage> read(std::string arn, std::string shard, lambda::StreamPosition from,
                                std::size_t count) override;
  Task<bool> wait(std::string arn, Instant until) override;

 private:
  kinesis::KinesisService& streams_;
};

/// The record that a function gets of Kinesis; who reads from elsewhere makes it, too. Times are seconds.
struct KinesisFacts {
  std::string_view stream_arn;
  std::string_view region;
  std::string_view shard;
  std::string_view sequence_number;
  std::string_view partition_key;
  std::string_view data;  ///< raw bytes
  double arrived;
};
OrderedJson kinesis_record(const KinesisFacts& facts);

}  // namespace aviary::app
