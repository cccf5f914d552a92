#include "services/logs/jobs/subscription_delivery.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace aviary::logs {
namespace {

// A message must stay under what an asynchronous invoke takes, also if it hardly compresses.
constexpr std::size_t batch_bytes = 512 * 1024;
constexpr std::size_t waiting_bytes_at_most = 16 << 20;
constexpr int attempts = 5;

/// Within what a stream takes, however long names are.
std::string partition_key_of(std::string_view text) { return hex_encode(sha256(text)); }

}  // namespace

SubscriptionDelivery::SubscriptionDelivery(Clock& clock, boost::asio::any_io_executor executor,
                                           SubscriptionTarget* target)
    : clock_(clock), target_(target), tasks_(std::move(executor)) {}

void SubscriptionDelivery::add(const LogGroup& group, const SubscriptionFilter& filter,
                               std::string_view stream, SubscribedEvent event) {
  if (!target_) return;
  const std::size_t size = event.text.size() + sizeof(SubscribedEvent);
  if (waiting_bytes_ + size > waiting_bytes_at_most) {
    if (dropped_++ == 0) log::warn("subscribers of {} take events too slowly: some are dropped", group.name);
    return;
  }
  waiting_bytes_ += size;
  const auto [place, idle] = waiting_.try_emplace(filter.destination_arn);
  Queue& queue = place->second;
  // The last of its stream, if any: what a stream says stays in order.
  const auto found = std::ranges::find_if(queue.rbegin(), queue.rend(), [&](const Batch& batch) {
    return batch.stream == stream && batch.filter == filter.name && batch.of_account == filter.of_account &&
           batch.group == group.name && batch.scope == group.scope;
  });
  const bool joins = found != queue.rend() && found->bytes + size <= batch_bytes;
  if (!joins)
    queue.push_back({group.scope,
                     group.name,
                     std::string(stream),
                     filter.name,
                     filter.of_account,
                     filter.distribution == "Random",
                     filter.destination_arn,
                     {},
                     0});
  Batch& batch = joins ? *found : queue.back();
  batch.bytes += size;
  batch.events.push_back(std::move(event));
  if (idle) tasks_.spawn("delivery to a subscriber", drain(filter.destination_arn));
}

Task<> SubscriptionDelivery::drain(std::string destination) {
  // Not inside the call that wrote the event; what else it writes goes along.
  const boost::asio::any_io_executor loop = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
  for (;;) {
    const auto queue = waiting_.find(destination);
    if (queue->second.empty()) {
      waiting_.erase(queue);
      co_return;
    }
    Batch batch = std::move(queue->second.front());
    queue->second.pop_front();
    waiting_bytes_ -= batch.bytes;
    const std::size_t events = batch.events.size();
    const bool taken = co_await offer(std::move(batch));
    if (taken) continue;
    dropped_ += events;
    log::warn("{} events could not be delivered to {}", events, destination);
  }
}

Task<bool> SubscriptionDelivery::offer(Batch batch) {
  std::string payload = gzip(subscription_message(batch.scope.account, batch.group, batch.stream,
                                                  batch.filter, batch.of_account, batch.events));
  const std::string key =
      partition_key_of(batch.spread ? event_id(batch.events.front().key) : batch.group + ':' + batch.stream);
  batch.events = {};
  if (batch.destination.find(":lambda:") != std::string::npos)
    payload = Json{{"awslogs", {{"data", base64_encode(payload)}}}}.dump();
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) {
      const Instant again = clock_.now() + std::chrono::seconds(1 << (attempt - 1));
      co_await sleep_until(clock_, again);
    }
    const bool taken = co_await target_->deliver(batch.scope, batch.destination, payload, key);
    if (taken) co_return true;
  }
  co_return false;
}

void SubscriptionDelivery::clear() {
  for (auto& [destination, queue] : waiting_) queue.clear();
  waiting_bytes_ = 0;
  dropped_ = 0;
}

Task<> SubscriptionDelivery::stop() {
  clear();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::logs
