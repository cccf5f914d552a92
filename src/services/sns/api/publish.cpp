#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "models/sns.hpp"
#include "services/sns/api/sns_service.hpp"

namespace aviary::sns {

namespace rows = models::sns::errors;

namespace {

constexpr std::size_t bytes_at_most = 256 * 1024;
constexpr Duration duplicates_within = std::chrono::minutes(5);

AwsError invalid_attribute(std::string text) {
  return {rows::InvalidParameterValueException, std::move(text)};
}

Result<Attributes> read_attributes(const Json& input) {
  Attributes attributes;
  const Json* given = find_member(input, "MessageAttributes");
  if (given == nullptr) return attributes;
  for (const auto& [name, facts] : given->items()) {
    const std::string type = text_of(facts, "DataType");
    const std::string_view kind = std::string_view(type).substr(0, type.find('.'));
    if (type.empty())
      return invalid_attribute(
          fmt::format("The message attribute '{}' must contain non-empty message attribute type.", name));
    if (kind != "String" && kind != "Number" && kind != "Binary")
      return invalid_attribute(fmt::format(
          "The message attribute '{}' has an invalid message attribute type, the set of supported type "
          "prefixes is Binary, Number, and String.",
          name));
    std::string value = text_of(facts, kind == "Binary" ? "BinaryValue" : "StringValue");
    if (value.empty())
      return invalid_attribute(
          fmt::format("The message attribute '{}' must contain non-empty message attribute value for message "
                      "attribute type '{}'.",
                      name, kind));
    attributes[name] = {.data_type = type, .value = std::move(value)};
  }
  return attributes;
}

Result<Notification> read_notification(const Json& input, const std::string& topic) {
  Notification draft{.id = {},
                     .topic = topic,
                     .message = text_of(input, "Message"),
                     .subject = text_of(input, "Subject"),
                     .group = text_of(input, "MessageGroupId"),
                     .deduplication_id = text_of(input, "MessageDeduplicationId")};
  Result<Attributes> attributes = read_attributes(input);
  if (!attributes) return attributes.error();
  draft.attributes = std::move(*attributes);
  const std::string structure = text_of(input, "MessageStructure");
  if (structure.empty()) return draft;
  if (structure != "json") return invalid("MessageStructure");
  const Json texts = Json::parse(draft.message, nullptr, false);
  if (!texts.is_object()) return invalid("Message Structure - JSON message body failed to parse");
  if (!texts.contains("default") || !texts.at("default").is_string())
    return invalid("Message Structure - No default entry in JSON message body");
  draft.message = texts.at("default");
  for (const auto& [protocol, text] : texts.items())
    if (text.is_string()) draft.per_protocol[protocol] = text;
  return draft;
}

Result<> check_fifo(const Topic& topic, Notification& draft) {
  if (!topic.fifo()) {
    if (draft.deduplication_id.empty()) return {};
    return invalid(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
        "valid for "
        "this topic type");
  }
  if (draft.group.empty()) return invalid("The MessageGroupId parameter is required for FIFO topics");
  if (!draft.deduplication_id.empty()) return {};
  if (!topic.flag("ContentBasedDeduplication"))
    return invalid(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
        "explicitly");
  draft.deduplication_id = hex_encode(sha256(draft.message));
  return {};
}

Parcel parcel_for(const Topic& topic, const Subscription& subscription, const Notification& message,
                  std::string_view base_url) {
  Parcel parcel{.sender = {.account = topic.scope.account, .region = topic.scope.region},
                .protocol = subscription.protocol,
                .endpoint = subscription.endpoint,
                .body = {},
                .group = message.group,
                .deduplication_id = message.deduplication_id};
  const bool raw = subscription.raw();
  if (subscription.protocol == "lambda")
    parcel.body = lambda_event(message, subscription, base_url);
  else
    parcel.body = raw ? message.text_for(subscription.protocol) : envelope(message, subscription, base_url);
  if (raw && subscription.protocol == "sqs") parcel.attributes = message.attributes;
  if (subscription.protocol != "http" && subscription.protocol != "https") return parcel;
  parcel.headers = {{"x-amz-sns-message-type", "Notification"},
                    {"x-amz-sns-message-id", message.id},
                    {"x-amz-sns-topic-arn", message.topic},
                    {"x-amz-sns-subscription-arn", subscription.arn},
                    {"Content-Type", "text/plain; charset=UTF-8"},
                    {"User-Agent", "Amazon Simple Notification Service Agent"}};
  if (raw) parcel.headers.emplace_back("x-amz-sns-rawdelivery", "true");
  return parcel;
}

Json batch_failure(const std::string& id, const AwsError& error) {
  const ErrorShape& shape = *error.shape;
  return {{"Id", id},
          {"Code", shape.query_code.empty() ? shape.code : shape.query_code},
          {"Message", error.message},
          {"SenderFault", shape.fault == Fault::Sender}};
}

}  // namespace

Result<Notification> SnsService::publish(Notification draft) {
  const Result<Topic*> found = topics_.named(draft.topic);
  if (!found) return found.error();
  Topic& topic = **found;
  if (draft.message.empty()) return invalid("Empty message");
  if (draft.message.size() > bytes_at_most) return invalid("Message too long");
  const bool odd_subject = draft.subject.size() > 100 || std::ranges::any_of(draft.subject, [](char c) {
                             return static_cast<unsigned char>(c) < 0x20;
                           });
  if (odd_subject) return invalid("Subject");
  if (const Result<> valid = check_fifo(topic, draft); !valid) return valid.error();
  draft.published = clock_.now();
  std::string key;
  if (topic.fifo()) {
    std::erase_if(seen_, [&](const auto& entry) { return entry.second.until <= draft.published; });
    key = fmt::format("{} {}", draft.topic, draft.deduplication_id);
    if (const auto seen = seen_.find(key); seen != seen_.end()) {
      draft.id = seen->second.id;
      draft.sequence_number = seen->second.sequence_number;
      return draft;
    }
  }
  draft.id = ids_.uuid();
  if (topic.fifo()) {
    draft.sequence_number = topics_.next_sequence(topic);
    seen_[key] = {.id = draft.id,
                  .sequence_number = draft.sequence_number,
                  .until = draft.published + duplicates_within};
  }
  // Copies: handing over may change subscriptions.
  std::vector<std::pair<Parcel, std::string>> parcels;
  for (const Subscription* subscription : topics_.subscriptions_of(draft.topic))
    if (subscription->confirmed && passes(*subscription, draft))
      parcels.emplace_back(parcel_for(topic, *subscription, draft, base_url_),
                           subscription->dead_letter_target());
  for (auto& [parcel, dead_letters] : parcels) fan_out_.send(std::move(parcel), std::move(dead_letters));
  return draft;
}

Result<Reply> SnsService::publish(Call& call) {
  if (!text_of(call.input, "PhoneNumber").empty())
    return AwsError(wire::errors::NotImplemented, "Aviary sends no text messages: publish to a topic.");
  std::string topic = text_of(call.input, "TopicArn");
  if (topic.empty()) topic = text_of(call.input, "TargetArn");
  if (topic.empty()) return invalid("TopicArn or TargetArn Reason: no value for required parameter");
  Result<Notification> draft = read_notification(call.input, topic);
  if (!draft) return draft.error();
  const Result<Notification> published = publish(std::move(*draft));
  if (!published) return published.error();
  Reply reply{.output = {{"MessageId", published->id}}};
  if (!published->sequence_number.empty()) reply.output["SequenceNumber"] = published->sequence_number;
  return reply;
}

Result<Reply> SnsService::publish_batch(Call& call) {
  const std::string topic = text_of(call.input, "TopicArn");
  if (const Result<Topic*> found = topics_.named(topic); !found) return found.error();
  const Json& entries = call.input.at("PublishBatchRequestEntries");
  if (entries.empty())
    return AwsError(rows::EmptyBatchRequestException, "The batch request doesn't contain any entries.");
  if (entries.size() > 10)
    return AwsError(rows::TooManyEntriesInBatchRequestException,
                    "The batch request contains more entries than permissible.");
  std::set<std::string> ids;
  std::size_t bytes = 0;
  for (const Json& entry : entries) {
    bytes += text_of(entry, "Message").size();
    if (!ids.insert(text_of(entry, "Id")).second)
      return AwsError(rows::BatchEntryIdsNotDistinctException,
                      "Two or more batch entries in the request have the same Id.");
  }
  if (bytes > bytes_at_most)
    return AwsError(rows::BatchRequestTooLongException,
                    "The length of all the messages put together is more than the limit.");
  Reply reply{.output = {{"Successful", Json::array()}, {"Failed", Json::array()}}};
  for (const Json& entry : entries) {
    const std::string id = text_of(entry, "Id");
    Result<Notification> published = read_notification(entry, topic);
    if (published) published = publish(std::move(*published));
    if (!published) {
      reply.output["Failed"].push_back(batch_failure(id, published.error()));
      continue;
    }
    Json row{{"Id", id}, {"MessageId", published->id}};
    if (!published->sequence_number.empty()) row["SequenceNumber"] = published->sequence_number;
    reply.output["Successful"].push_back(std::move(row));
  }
  return reply;
}

}  // namespace aviary::sns
