#include <algorithm>

#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {

const Queue* SqsService::find(const QueueId& id) { return queues_.find(id, clock_.now()); }

Result<Sent> SqsService::send(const QueueId& id, Draft draft) {
  Queue* queue = queues_.find(id, clock_.now());
  if (queue == nullptr) return no_such_queue();
  return queues_.send(*queue, std::move(draft), std::nullopt, clock_.now());
}

Task<bool> SqsService::wait(QueueId id, Instant until) {
  const Queue* queue = queues_.find(id, clock_.now());
  const Instant wake = queue ? std::min(until, queue->next_due().value_or(until)) : until;
  const bool open = co_await waiters_.wait(id, wake);
  co_return open;
}

std::vector<Received> SqsService::receive(const QueueId& id, std::size_t count) {
  const Instant now = clock_.now();
  Queue* queue = queues_.find(id, now);
  if (queue == nullptr || stopping_) return {};
  return queues_.receive(*queue, count, queue->settings().visibility_timeout, now);
}

void SqsService::remove(const QueueId& id, const std::vector<std::string>& receipt_handles) {
  Queue* queue = queues_.find(id, clock_.now());
  if (queue == nullptr) return;
  for (const std::string& handle : receipt_handles) (void)queues_.remove(*queue, handle);
}

void SqsService::change_visibility(const QueueId& id, const std::vector<std::string>& receipt_handles,
                                   int seconds) {
  const Instant now = clock_.now();
  Queue* queue = queues_.find(id, now);
  if (queue == nullptr) return;
  for (const std::string& handle : receipt_handles)
    (void)queues_.change_visibility(*queue, handle, seconds, now);
}

}  // namespace aviary::sqs
