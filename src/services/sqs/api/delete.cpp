#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {
namespace {

/// Does something with each entry, and says of each how it went.
template <class Work>
Result<Reply> each_entry(const Call& call, const char* shape, Work work) {
  const Result<const Json*> entries = batch_entries(call, shape);
  if (!entries) return entries.error();
  Reply reply;
  for (const Json& entry : **entries) {
    const std::string id = text_of(entry, "Id");
    const Result<> done = work(entry);
    if (done)
      reply.output["Successful"].push_back({{"Id", id}});
    else
      reply.output["Failed"].push_back(failed_entry(id, done.error()));
  }
  return reply;
}

Result<> remove_one(Queues& queues, Queue& queue, const Json& input) {
  const Result<std::string> handle = required_text(input, "ReceiptHandle");
  if (!handle) return handle.error();
  return queues.remove(queue, *handle);
}

Result<> change_one(Queues& queues, Queue& queue, const Json& input, Instant now) {
  const Result<std::string> handle = required_text(input, "ReceiptHandle");
  if (!handle) return handle.error();
  const std::optional<int> seconds = number_of(input, "VisibilityTimeout");
  if (!seconds) return missing_parameter("VisibilityTimeout");
  return queues.change_visibility(queue, *handle, *seconds, now);
}

}  // namespace

Result<Reply> SqsService::delete_message(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const Result<> done = remove_one(queues_, **queue, call.input);
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SqsService::delete_message_batch(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  return each_entry(call, "DeleteMessageBatchRequestEntry",
                    [&](const Json& entry) { return remove_one(queues_, **queue, entry); });
}

Result<Reply> SqsService::change_message_visibility(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const Result<> done = change_one(queues_, **queue, call.input, call.now);
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SqsService::change_message_visibility_batch(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  return each_entry(call, "ChangeMessageVisibilityBatchRequestEntry",
                    [&](const Json& entry) { return change_one(queues_, **queue, entry, call.now); });
}

}  // namespace aviary::sqs
