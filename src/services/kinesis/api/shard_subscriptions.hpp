#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "services/kinesis/core/streams.hpp"
#include "wire/body_stream.hpp"

namespace aviary::kinesis {

/// Enhanced fan-out: a registered consumer subscribes to a shard, and gets its records as they come, for five
/// minutes. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
///
/// Lives on the loop's thread; the streams outlive it.
class ShardSubscriptions {
 public:
  struct Wanted {
    StreamId stream;
    std::string uid;  ///< the stream's
    std::string consumer;
    std::uint32_t shard = 0;
    std::uint64_t number = 0;  ///< of the next record
  };

  ShardSubscriptions(Clock& clock, const Streams& streams) : clock_(clock), streams_(streams) {}
  ~ShardSubscriptions() { close(); }
  ShardSubscriptions(const ShardSubscriptions&) = delete;
  ShardSubscriptions& operator=(const ShardSubscriptions&) = delete;

  /// Null: the consumer has subscribed to the shard a moment ago. An older subscription to it ends.
  std::shared_ptr<wire::BodyStream> open(Wanted wanted);
  /// Something has become of the stream.
  void news(const StreamId& id);
  /// Ends all subscriptions.
  void close();

 private:
  struct Subscription {
    Wanted wanted;
    Instant began;
    std::shared_ptr<wire::BodyStream> body;
    bool over = false;
  };
  void push(Subscription& subscription, bool even_nothing);
  void end(Subscription& subscription);
  /// Ends one with an error, as a message of the stream.
  void fail(Subscription& subscription, std::string_view error, const std::string& text);
  void tick();
  void sweep();

  Clock& clock_;
  const Streams& streams_;
  TimerId timer_ = 0;
  bool busy_ = false;  ///< a reader that takes what it is given must not begin it again
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
};

}  // namespace aviary::kinesis
