#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "models/sns.hpp"
#include "services/sns/api/sns_service.hpp"
#include "services/sns/core/message_attributes.hpp"

namespace aviary::sns {

namespace rows = models::sns::errors;

namespace {

constexpr std::size_t bytes_at_most = 256 * 1024;
constexpr Duration duplicates_within = std::chrono::minutes(5);

bool is_given(const Json& input, const char* name) { return find_member(input, name) != nullptr; }

Result<Notification> read_notification(const Json& input, const std::string& topic) {
  Notification draft{.id = {},
                     .topic = topic,
                     .message = text_of(input, "Message"),
                     .subject = text_of(input, "Subject"),
                     .group = text_of(input, "MessageGroupId"),
                     .deduplication_id = text_of(input, "MessageDeduplicationId")};
  if (draft.subject.empty() && is_given(input, "Subject")) return invalid("Subject");
  if (draft.message.empty()) return invalid("Empty message");
  if (const Json* given = find_member(input, "MessageAttributes")) {
    Result<Attributes> attributes = read_message_attributes(*given);
    if (!attributes) return attributes.error();
    draft.attributes = std::move(*attributes);
  }
  const std::string structure = text_of(input, "MessageStructure");
  if (structure.empty()) return draft;
  if (structure != "json") return invalid("MessageStructure");
  const Json texts = parse_bounded<Json>(draft.message);
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
  if (draft.message.size() + size_of(draft.attributes) > bytes_at_most) return invalid("Message too long");
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
  if (!is_given(call.input, "TopicArn") && !is_given(call.input, "TargetArn"))
    return invalid("TopicArn or TargetArn Reason: no value for required parameter");
  std::string topic = text_of(call.input, "TopicArn");
  if (topic.empty()) topic = text_of(call.input, "TargetArn");
  Result<Notification> draft = read_notification(call.input, topic);
  if (!draft) return draft.error();
  if (topic.find(":endpoint/") != std::string::npos)
    return invalid("TargetArn Reason: No endpoint found for the target arn specified");
  if (const Result<Topic*> found = topics_.named(topic, call.region); !found) return found.error();
  const Result<Notification> published = publish(std::move(*draft));
  if (!published) return published.error();
  Reply reply{.output = {{"MessageId", published->id}}};
  if (!published->sequence_number.empty()) reply.output["SequenceNumber"] = published->sequence_number;
  return reply;
}

namespace {

/// What refuses a batch as a whole.
Result<> check_batch(const Topic& topic, const Json& entries) {
  std::set<std::string> ids;
  for (const Json& entry : entries)
    if (!ids.insert(text_of(entry, "Id")).second)
      return AwsError(rows::BatchEntryIdsNotDistinctException,
                      "Two or more batch entries in the request have the same Id.");
  std::size_t bytes = 0;
  for (const Json& entry : entries) {
    const std::string id = text_of(entry, "Id");
    if (id.size() > 80)
      return AwsError(rows::InvalidBatchEntryIdException,
                      fmt::format("The Id of a batch entry in the batch request is too long: {}", id));
    if (id.empty() || !std::ranges::all_of(id, [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                 c == '-';
        }))
      return AwsError(
          rows::InvalidBatchEntryIdException,
          fmt::format("The Id of a batch entry in the batch request contains an impermissible character: {}",
                      id));
    Attributes attributes;
    if (const Json* given = find_member(entry, "MessageAttributes")) {
      Result<Attributes> read = read_message_attributes(*given);
      if (!read) return read.error();
      attributes = std::move(*read);
    }
    bytes += text_of(entry, "Message").size() + size_of(attributes);
    Notification draft{.id = {},
                       .topic = {},
                       .message = text_of(entry, "Message"),
                       .group = text_of(entry, "MessageGroupId"),
                       .deduplication_id = text_of(entry, "MessageDeduplicationId")};
    if (!topic.fifo()) continue;
    if (const Result<> valid = check_fifo(topic, draft); !valid) return valid.error();
  }
  if (bytes > bytes_at_most)
    return AwsError(rows::BatchRequestTooLongException,
                    "The length of all the messages put together is more than the limit.");
  return {};
}

}  // namespace

Result<Reply> SnsService::publish_batch(Call& call) {
  const std::string topic = text_of(call.input, "TopicArn");
  const Json& entries = call.input.at("PublishBatchRequestEntries");
  if (entries.size() > 10)
    return AwsError(rows::TooManyEntriesInBatchRequestException,
                    "The batch request contains more entries than permissible.");
  const Result<Topic*> found = topics_.named(topic, call.region);
  if (!found) return found.error();
  if (entries.empty())
    return AwsError(rows::EmptyBatchRequestException, "The batch request doesn't contain any entries.");
  if (const Result<> valid = check_batch(**found, entries); !valid) return valid.error();
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
