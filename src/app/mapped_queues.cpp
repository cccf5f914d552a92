#include "app/mapped_queues.hpp"

#include "base/encoding.hpp"

namespace aviary::app {
namespace {

/// The record that a function gets:
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
OrderedJson record_of(const sqs::Received& received, std::string_view arn, const std::string& region) {
  const sqs::Message& message = received.message;
  OrderedJson record{{"messageId", message.id},
                     {"receiptHandle", received.receipt_handle},
                     {"body", message.content.body},
                     {"attributes", OrderedJson::object()},
                     {"messageAttributes", OrderedJson::object()},
                     {"md5OfBody", message.body_md5}};
  for (const auto& [name, value] : sqs::system_attributes(message)) record["attributes"][name] = value;
  for (const auto& [name, attribute] : message.content.attributes) {
    OrderedJson& value = record["messageAttributes"][name];
    if (attribute.is_binary())
      value["binaryValue"] = base64_encode(attribute.value);
    else
      value["stringValue"] = attribute.value;
    value["stringListValues"] = OrderedJson::array();
    value["binaryListValues"] = OrderedJson::array();
    value["dataType"] = attribute.data_type;
  }
  if (!message.content.attributes.empty())
    record["md5OfMessageAttributes"] = sqs::attributes_md5(message.content.attributes);
  record["eventSource"] = "aws:sqs";
  record["eventSourceARN"] = arn;
  record["awsRegion"] = region;
  return record;
}

}  // namespace

std::optional<lambda::QueueFacts> MappedQueues::find(std::string_view arn) {
  const sqs::Queue* queue = queues_.find(sqs::parse_queue_arn(arn));
  if (queue == nullptr) return std::nullopt;
  return lambda::QueueFacts{.fifo = queue->settings().fifo,
                            .visibility_timeout = queue->settings().visibility_timeout,
                            .waiting = queue->ready()};
}

Task<bool> MappedQueues::wait(std::string arn, Instant until) {
  sqs::QueueId queue = sqs::parse_queue_arn(arn);
  const bool open = co_await queues_.wait(std::move(queue), until);
  co_return open;
}

Task<std::vector<lambda::QueueRecord>> MappedQueues::receive(std::string arn, std::size_t count) {
  const sqs::QueueId queue = sqs::parse_queue_arn(arn);
  std::vector<lambda::QueueRecord> records;
  for (const sqs::Received& received : queues_.receive(queue, count))
    records.push_back({.message_id = received.message.id,
                       .receipt_handle = received.receipt_handle,
                       .event = record_of(received, arn, queue.scope.region)});
  co_return records;
}

Task<> MappedQueues::remove(std::string arn, std::vector<std::string> receipt_handles) {
  queues_.remove(sqs::parse_queue_arn(arn), receipt_handles);
  co_return;
}

Task<> MappedQueues::release(std::string arn, std::vector<std::string> receipt_handles) {
  queues_.change_visibility(sqs::parse_queue_arn(arn), receipt_handles, 0);
  co_return;
}

}  // namespace aviary::app
