#include "app/outside/outside_queues.hpp"

#include <algorithm>
#include <charconv>

#include "base/log.hpp"

namespace aviary::app {
namespace {

constexpr Duration queue_pace = std::chrono::milliseconds(250);
constexpr std::size_t batch_of_sqs = 10;

QueueName queue_named(std::string_view arn) {
  std::vector<std::string> parts;
  for (std::size_t colon; (colon = arn.find(':')) != std::string_view::npos; arn.remove_prefix(colon + 1))
    parts.emplace_back(arn.substr(0, colon));
  if (parts.size() != 5) return {};
  return {.region = parts[3], .account = parts[4], .name = std::string(arn)};
}

std::string text_at(const OrderedJson& document, const char* name) {
  const auto found = document.is_object() ? document.find(name) : document.end();
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int number_at(const OrderedJson& document, const char* name, int otherwise) {
  const std::string text = text_at(document, name);
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

/// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
OrderedJson event_of(const OrderedJson& message, const std::string& arn, const std::string& region) {
  OrderedJson event{{"messageId", text_at(message, "MessageId")},
                    {"receiptHandle", text_at(message, "ReceiptHandle")},
                    {"body", text_at(message, "Body")},
                    {"attributes", message.value("Attributes", OrderedJson::object())},
                    {"messageAttributes", OrderedJson::object()},
                    {"md5OfBody", text_at(message, "MD5OfBody")}};
  const OrderedJson attributes = message.value("MessageAttributes", OrderedJson::object());
  for (const auto& [name, value] : attributes.items()) {
    OrderedJson& attribute = event["messageAttributes"][name];
    if (value.contains("StringValue")) attribute["stringValue"] = value.at("StringValue");
    if (value.contains("BinaryValue")) attribute["binaryValue"] = value.at("BinaryValue");
    attribute["stringListValues"] = OrderedJson::array();
    attribute["binaryListValues"] = OrderedJson::array();
    attribute["dataType"] = text_at(value, "DataType");
  }
  if (std::string digest = text_at(message, "MD5OfMessageAttributes"); !digest.empty())
    event["md5OfMessageAttributes"] = std::move(digest);
  event["eventSource"] = "aws:sqs";
  event["eventSourceARN"] = arn;
  event["awsRegion"] = region;
  return event;
}

}  // namespace

std::optional<lambda::QueueFacts> OutsideQueues::find(std::string_view arn) {
  const auto found = known_.find(arn);
  return found == known_.end() ? std::nullopt : std::optional(found->second.facts);
}

Task<std::string> OutsideQueues::url_of(std::string arn) {
  if (const auto found = known_.find(arn); found != known_.end()) co_return found->second.url;
  auto looking = look(arn);
  co_await std::move(looking);
  const auto found = known_.find(arn);
  co_return found == known_.end() ? std::string() : found->second.url;
}

Task<> OutsideQueues::look(std::string arn) {
  const QueueName queue = queue_named(arn);
  Json input{{"QueueName", queue.name}};
  if (!queue.account.empty()) input["QueueOwnerAWSAccountId"] = queue.account;
  auto asking = endpoint_->call("GetQueueUrl", std::move(input), queue.region);
  const AwsEndpoint::Answer named = co_await std::move(asking);
  if (!named.good()) {
    if (named.error.empty()) log::warn("a queue elsewhere: {}", named.problem);
    known_.erase(arn);
    co_return;
  }
  Known known{.url = text_at(named.output, "QueueUrl")};
  Json wanted{{"QueueUrl", known.url}, {"AttributeNames", {"All"}}};
  auto reading = endpoint_->call("GetQueueAttributes", std::move(wanted), queue.region);
  const AwsEndpoint::Answer read = co_await std::move(reading);
  const OrderedJson attributes = read.output.is_object()
                                     ? read.output.value("Attributes", OrderedJson::object())
                                     : OrderedJson::object();
  known.facts = {.fifo = queue.name.ends_with(".fifo"),
                 .visibility_timeout = number_at(attributes, "VisibilityTimeout", 30),
                 .waiting = static_cast<std::size_t>(
                     std::max(number_at(attributes, "ApproximateNumberOfMessages", 0), 0))};
  known_[arn] = std::move(known);
}

Task<bool> OutsideQueues::wait(std::string, Instant until) {
  co_await sleep_until(clock_, std::min(until, clock_.now() + queue_pace));
  co_return true;
}

Task<std::vector<lambda::QueueRecord>> OutsideQueues::receive(std::string arn, std::size_t count) {
  std::vector<lambda::QueueRecord> records;
  auto naming = url_of(arn);
  const std::string url = co_await std::move(naming);
  if (url.empty()) co_return records;
  const std::string region = queue_named(arn).region;
  while (records.size() < count) {
    const std::size_t most = std::min(batch_of_sqs, count - records.size());
    Json input{{"QueueUrl", url},
               {"MaxNumberOfMessages", most},
               {"AttributeNames", {"All"}},
               {"MessageAttributeNames", {"All"}}};
    auto asking = endpoint_->call("ReceiveMessage", std::move(input), region);
    const AwsEndpoint::Answer answer = co_await std::move(asking);
    if (!answer.good()) {
      log::warn("a queue elsewhere: {}", answer.problem);
      // Perhaps it is gone, or another: with the next look it is found anew.
      if (!answer.error.empty()) known_.erase(arn);
      break;
    }
    const OrderedJson messages = answer.output.value("Messages", OrderedJson::array());
    for (const OrderedJson& message : messages)
      records.push_back({.message_id = text_at(message, "MessageId"),
                         .receipt_handle = text_at(message, "ReceiptHandle"),
                         .event = event_of(message, arn, region)});
    if (messages.size() < most) break;
  }
  co_return records;
}

Task<> OutsideQueues::batch(std::string arn, std::string operation, std::vector<std::string> handles,
                            Json more) {
  auto naming = url_of(arn);
  const std::string url = co_await std::move(naming);
  if (url.empty()) co_return;
  for (std::size_t first = 0; first < handles.size(); first += batch_of_sqs) {
    Json entries = Json::array();
    for (std::size_t i = first; i < std::min(handles.size(), first + batch_of_sqs); ++i) {
      Json entry = more;
      entry["Id"] = std::to_string(i - first);
      entry["ReceiptHandle"] = handles[i];
      entries.push_back(std::move(entry));
    }
    Json input{{"QueueUrl", url}, {"Entries", std::move(entries)}};
    auto asking = endpoint_->call(operation, std::move(input), queue_named(arn).region);
    const AwsEndpoint::Answer answer = co_await std::move(asking);
    // What is not deleted comes again, as on AWS.
    if (!answer.good()) log::warn("a queue elsewhere: {}", answer.problem);
  }
}

Task<> OutsideQueues::remove(std::string arn, std::vector<std::string> receipt_handles) {
  Json more = Json::object();
  auto doing = batch(std::move(arn), "DeleteMessageBatch", std::move(receipt_handles), std::move(more));
  co_await std::move(doing);
}

Task<> OutsideQueues::release(std::string arn, std::vector<std::string> receipt_handles) {
  Json more{{"VisibilityTimeout", 0}};
  auto doing =
      batch(std::move(arn), "ChangeMessageVisibilityBatch", std::move(receipt_handles), std::move(more));
  co_await std::move(doing);
}

}  // namespace aviary::app
