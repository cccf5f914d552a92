#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/md5.hpp"

#include "models/sqs.hpp"
#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {
namespace {

constexpr std::size_t batch_bytes_at_most = 1'048'576;

/// What the sender hears of one message.
Json sent_message(const Sent& sent, const std::string& body_md5, const std::string& own_md5,
                  const std::string& trace_header) {
  Json output{{"MessageId", sent.message_id}, {"MD5OfMessageBody", body_md5}};
  if (!own_md5.empty()) output["MD5OfMessageAttributes"] = own_md5;
  if (!trace_header.empty())
    output["MD5OfMessageSystemAttributes"] =
        attributes_md5({{"AWSTraceHeader", {.data_type = "String", .value = trace_header}}});
  if (!sent.sequence_number.empty()) output["SequenceNumber"] = sent.sequence_number;
  return output;
}

/// Sends one; answers what the sender hears.
Result<Json> send_one(Queues& queues, Queue& queue, const Json& input, const Call& call) {
  Result<Draft> draft = read_draft(input, call.account);
  if (!draft) return draft.error();
  const std::string body_md5 = hex_encode(md5(draft->body));
  const std::string own_md5 = attributes_md5(draft->attributes);
  const std::string trace_header = draft->trace_header;
  const Result<Sent> sent = queues.send(queue, std::move(*draft), number_of(input, "DelaySeconds"), call.now);
  if (!sent) return sent.error();
  return sent_message(*sent, body_md5, own_md5, trace_header);
}

}  // namespace

Result<Reply> SqsService::send_message(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  Result<Json> sent = send_one(queues_, **queue, call.input, call);
  if (!sent) return sent.error();
  return Reply{.output = std::move(*sent)};
}

Result<Reply> SqsService::send_message_batch(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const Result<const Json*> entries = batch_entries(call, "SendMessageBatchRequestEntry");
  if (!entries) return entries.error();
  const QueueSettings& settings = (*queue)->settings();
  std::size_t bytes = 0;
  for (const Json& entry : **entries) {
    // Recorded: these two refuse the whole batch, and the first under another code than alone.
    if (settings.fifo && text_of(entry, "MessageGroupId").empty())
      return invalid_parameter("The request must contain the parameter MessageGroupId.");
    if (settings.fifo && !settings.content_based_deduplication &&
        text_of(entry, "MessageDeduplicationId").empty())
      return invalid_parameter(
          "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
          "explicitly");
    bytes += text_of(entry, "MessageBody").size();
    if (const Json* attributes = find_member(entry, "MessageAttributes"))
      for (const auto& [name, value] : attributes->items())
        bytes += name.size() + text_of(value, "DataType").size() + text_of(value, "StringValue").size() +
                 text_of(value, "BinaryValue").size();
  }
  if (bytes > batch_bytes_at_most)
    return AwsError(models::sqs::errors::BatchRequestTooLong,
                    fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} bytes.",
                                batch_bytes_at_most, bytes));
  Reply reply;
  for (const Json& entry : **entries) {
    Result<Json> sent = send_one(queues_, **queue, entry, call);
    if (!sent) {
      reply.output["Failed"].push_back(failed_entry(text_of(entry, "Id"), sent.error()));
      continue;
    }
    (*sent)["Id"] = text_of(entry, "Id");
    reply.output["Successful"].push_back(std::move(*sent));
  }
  return reply;
}

}  // namespace aviary::sqs
