#include "services/kinesis/api/shard_subscriptions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "services/kinesis/api/input.hpp"
#include "wire/event_stream.hpp"

namespace aviary::kinesis {
namespace {

constexpr Duration subscription_lasts = std::chrono::minutes(5);
constexpr Duration takes_over_after = std::chrono::seconds(5);
/// So often a subscriber hears that there is nothing new.
constexpr Duration sign_of_life = std::chrono::seconds(5);
constexpr std::size_t records_an_event = 1000;
/// A reader that has this much to take gets nothing new before.
constexpr std::size_t subscriber_is_slow = 2 << 20;

}  // namespace

std::shared_ptr<wire::BodyStream> ShardSubscriptions::open(Wanted wanted) {
  const Instant now = clock_.now();
  for (const std::unique_ptr<Subscription>& each : subscriptions_) {
    const Wanted& other = each->wanted;
    if (each->over || each->body->closed() || other.uid != wanted.uid || other.consumer != wanted.consumer ||
        other.shard != wanted.shard)
      continue;
    if (now < each->began + takes_over_after) return nullptr;
    fail(*each, "ResourceInUseException", "Another active subscription exists for this consumer.");
  }
  auto made = std::make_unique<Subscription>();
  made->wanted = std::move(wanted);
  made->began = now;
  made->body = std::make_shared<wire::BodyStream>();
  // In the protocols whose answers have no headers the first message stands for the members beside the
  // stream.
  made->body->write(wire::event_message("initial-response", "application/x-amz-json-1.1", "{}"));
  std::shared_ptr<wire::BodyStream> body = made->body;
  const StreamId id = made->wanted.stream;
  body->on_taken = [this, id] { news(id); };
  subscriptions_.push_back(std::move(made));
  if (timer_ == 0) timer_ = clock_.call_at(now + sign_of_life, [this] { tick(); });
  news(id);
  return body;
}

void ShardSubscriptions::news(const StreamId& id) {
  if (subscriptions_.empty() || std::exchange(busy_, true)) return;
  for (const std::unique_ptr<Subscription>& each : subscriptions_)
    if (each->wanted.stream == id) push(*each, false);
  busy_ = false;
  sweep();
}

void ShardSubscriptions::push(Subscription& subscription, bool even_nothing) {
  Wanted& wanted = subscription.wanted;
  const Instant now = clock_.now();
  while (!subscription.over && subscription.body->waiting() < subscriber_is_slow) {
    const auto stream = streams_.all().find(wanted.stream);
    const bool there = stream != streams_.all().end() && stream->second.uid == wanted.uid;
    const Shard* shard = there ? stream->second.find_shard(shard_id(wanted.shard)) : nullptr;
    if (shard == nullptr || !stream->second.consumers.contains(wanted.consumer)) {
      fail(subscription, "ResourceNotFoundException",
           fmt::format("Stream {} under account {} or its consumer {} is not there any more.",
                       wanted.stream.name, wanted.stream.scope.account, wanted.consumer));
      return;
    }
    const Slice slice = streams_.read(*shard, wanted.number, records_an_event, now);
    if (slice.records.empty() && !slice.ended && !even_nothing) return;
    even_nothing = false;
    Json event{{"Records", Json::array()}};
    for (const Record* record : slice.records) {
      Json row = record_json(*shard, *record);
      row["Data"] = base64_encode(record->data);
      event["Records"].push_back(std::move(row));
    }
    // Who begins AFTER it goes on where this event ends, also where it holds nothing.
    const std::uint64_t last = slice.records.empty() ? std::max(slice.next, shard->first_number + 1) - 1
                                                     : slice.records.back()->number;
    event["ContinuationSequenceNumber"] = shard->sequence(last);
    event["MillisBehindLatest"] = std::chrono::duration_cast<std::chrono::milliseconds>(slice.behind).count();
    if (slice.ended) event["ChildShards"] = children_json(stream->second, *shard);
    wanted.number = slice.next;
    subscription.body->write(wire::event_message("SubscribeToShardEvent", "application/json",
                                                 event.dump(-1, ' ', false, Json::error_handler_t::replace)));
    if (slice.ended) end(subscription);
  }
}

void ShardSubscriptions::end(Subscription& subscription) {
  subscription.over = true;
  subscription.body->on_taken = nullptr;
  subscription.body->end();
}

void ShardSubscriptions::fail(Subscription& subscription, std::string_view error, const std::string& text) {
  subscription.body->write(wire::event_message(
      {{":message-type", "exception"}, {":exception-type", error}, {":content-type", "application/json"}},
      Json{{"message", text}}.dump()));
  end(subscription);
}

void ShardSubscriptions::tick() {
  timer_ = 0;
  busy_ = true;
  for (const std::unique_ptr<Subscription>& each : subscriptions_) {
    if (clock_.now() >= each->began + subscription_lasts)
      end(*each);
    else
      push(*each, true);
  }
  busy_ = false;
  sweep();
  if (!subscriptions_.empty()) timer_ = clock_.call_at(clock_.now() + sign_of_life, [this] { tick(); });
}

void ShardSubscriptions::sweep() {
  std::erase_if(subscriptions_, [](const std::unique_ptr<Subscription>& each) {
    const bool gone = each->over || each->body->closed();
    if (gone) each->body->on_taken = nullptr;
    return gone;
  });
}

void ShardSubscriptions::close() {
  if (timer_ != 0) clock_.cancel(timer_);
  timer_ = 0;
  for (const std::unique_ptr<Subscription>& each : subscriptions_) end(*each);
  subscriptions_.clear();
}

}  // namespace aviary::kinesis
