#include "services/sqs/api/sqs_service.hpp"

#include "models/sqs.hpp"
#include "services/sqs/api/input.hpp"

namespace aviary::sqs {

/// Which member answers which operation.
OperationTable<SqsService> SqsService::operations() {
  using S = SqsService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AddPermission", &S::add_permission},
      {"CancelMessageMoveTask", &S::cancel_message_move_task},
      {"ChangeMessageVisibility", &S::change_message_visibility},
      {"ChangeMessageVisibilityBatch", &S::change_message_visibility_batch},
      {"CreateQueue", &S::create_queue},
      {"DeleteMessage", &S::delete_message},
      {"DeleteMessageBatch", &S::delete_message_batch},
      {"DeleteQueue", &S::delete_queue},
      {"GetQueueAttributes", &S::get_queue_attributes},
      {"GetQueueUrl", &S::get_queue_url},
      {"ListDeadLetterSourceQueues", &S::list_dead_letter_source_queues},
      {"ListMessageMoveTasks", &S::list_message_move_tasks},
      {"ListQueueTags", &S::list_queue_tags},
      {"ListQueues", &S::list_queues},
      {"PurgeQueue", &S::purge_queue},
      {"ReceiveMessage", &S::receive_message},
      {"RemovePermission", &S::remove_permission},
      {"SendMessage", &S::send_message},
      {"SendMessageBatch", &S::send_message_batch},
      {"SetQueueAttributes", &S::set_queue_attributes},
      {"StartMessageMoveTask", &S::start_message_move_task},
      {"TagQueue", &S::tag_queue},
      {"UntagQueue", &S::untag_queue},
  };
  return {models::sqs::service, "SQS", entries};
}

SqsService::SqsService(SqsDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      queues_(d.ids, d.journal),
      waiters_(d.clock),
      moves_(d.clock, d.ids, d.journal, queues_) {
  queues_.on_change([this](const QueueId& id) { waiters_.wake(id); });
}

SqsService::~SqsService() = default;

void SqsService::restore() {
  queues_.restore(clock_.now());
  moves_.restore();
}

void SqsService::reset() {
  moves_.clear();
  queues_.clear();
  attempts_.clear();
  waiters_.wake_all();
}

Task<> SqsService::stop() {
  stopping_ = true;
  moves_.stop();
  waiters_.stop();
  co_return;
}

Json SqsService::counts() const { return {{"queues", queues_.size()}, {"messages", queues_.messages()}}; }

Result<Queue*> SqsService::named_queue(const Call& call) {
  const Result<QueueId> id = queue_of(call);
  if (!id) return id.error();
  Queue* queue = queues_.find(*id, call.now);
  if (queue == nullptr) return no_such_queue();
  return queue;
}

}  // namespace aviary::sqs
