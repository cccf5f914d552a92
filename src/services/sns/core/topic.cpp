#include "services/sns/core/topic.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "models/sns.hpp"

namespace aviary::sns {

namespace rows = models::sns::errors;

namespace {

bool is_true(const std::map<std::string, std::string>& attributes, const char* name) {
  const auto found = attributes.find(name);
  // SNS takes a flag in any case.
  return found != attributes.end() && found->second.size() == 4 &&
         std::ranges::equal(found->second, std::string_view("true"), {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
         });
}

/// What filter policies see of message attributes: numbers as numbers, arrays as arrays, no bytes.
Json filterable(const Attributes& attributes) {
  Json document = Json::object();
  for (const auto& [name, attribute] : attributes) {
    if (attribute.is_binary()) continue;
    if (attribute.data_type == "String.Array" || attribute.data_type.starts_with("Number")) {
      Json value = parse_bounded<Json>(attribute.value);
      if (value.is_array() || value.is_number()) {
        document[name] = std::move(value);
        continue;
      }
    }
    document[name] = attribute.value;
  }
  return document;
}

/// SNS signs with a key of AWS's, which nobody else has: this is a digest in its place, good for nothing but
/// telling one message from another.
std::string signature(std::string_view id, std::string_view text) {
  return base64_encode(sha256(fmt::format("{}\n{}", id, text)));
}

constexpr std::string_view certificate =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0000000000000000000000.pem";

std::string unsubscribe_url(const Subscription& subscription, std::string_view base_url) {
  return fmt::format("{}/?Action=Unsubscribe&SubscriptionArn={}", base_url, percent_encode(subscription.arn));
}

OrderedJson attributes_document(const Attributes& attributes) {
  OrderedJson document = OrderedJson::object();
  for (const auto& [name, attribute] : attributes)
    document[name] = {{"Type", attribute.data_type},
                      {"Value", attribute.is_binary() ? base64_encode(attribute.value) : attribute.value}};
  return document;
}

std::string dumped(const OrderedJson& document) {
  return document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

bool Subscription::raw() const { return is_true(attributes, "RawMessageDelivery"); }

bool Subscription::filters_body() const {
  const auto scope = attributes.find("FilterPolicyScope");
  return scope != attributes.end() && scope->second == "MessageBody";
}

std::string Subscription::dead_letter_target() const {
  const auto policy = attributes.find("RedrivePolicy");
  if (policy == attributes.end()) return {};
  const Json document = parse_bounded<Json>(policy->second);
  if (!document.is_object()) return {};
  return document.value("deadLetterTargetArn", "");
}

std::string Topic::arn() const {
  return fmt::format("arn:aws:sns:{}:{}:{}", scope.region, scope.account, name);
}

bool Topic::flag(const char* attribute) const { return is_true(attributes, attribute); }

const std::string& Notification::text_for(const std::string& protocol) const {
  const auto own = per_protocol.find(protocol);
  return own == per_protocol.end() ? message : own->second;
}

bool passes(const Subscription& subscription, const Notification& notification) {
  if (!subscription.filter) return true;
  if (!subscription.filters_body()) return subscription.filter->matches(filterable(notification.attributes));
  const Json body = parse_bounded<Json>(notification.text_for(subscription.protocol));
  return body.is_object() && subscription.filter->matches(body);
}

std::string envelope(const Notification& notification, const Subscription& subscription,
                     std::string_view base_url) {
  const std::string& text = notification.text_for(subscription.protocol);
  OrderedJson document{{"Type", "Notification"}, {"MessageId", notification.id}};
  if (!notification.sequence_number.empty()) document["SequenceNumber"] = notification.sequence_number;
  document["TopicArn"] = notification.topic;
  if (!notification.subject.empty()) document["Subject"] = notification.subject;
  document["Message"] = text;
  document["Timestamp"] = iso8601(notification.published);
  document["SignatureVersion"] = "1";
  document["Signature"] = signature(notification.id, text);
  document["SigningCertURL"] = certificate;
  document["UnsubscribeURL"] = unsubscribe_url(subscription, base_url);
  if (!notification.attributes.empty())
    document["MessageAttributes"] = attributes_document(notification.attributes);
  return dumped(document);
}

std::string lambda_event(const Notification& notification, const Subscription& subscription,
                         std::string_view base_url) {
  const std::string& text = notification.text_for(subscription.protocol);
  OrderedJson message{
      {"Type", "Notification"},
      {"MessageId", notification.id},
      {"TopicArn", notification.topic},
      {"Subject", notification.subject.empty() ? OrderedJson() : OrderedJson(notification.subject)},
      {"Message", text},
      {"Timestamp", iso8601(notification.published)},
      {"SignatureVersion", "1"},
      {"Signature", signature(notification.id, text)},
      {"SigningCertUrl", certificate},
      {"UnsubscribeUrl", unsubscribe_url(subscription, base_url)},
      {"MessageAttributes", attributes_document(notification.attributes)}};
  OrderedJson record{{"EventSource", "aws:sns"},
                     {"EventVersion", "1.0"},
                     {"EventSubscriptionArn", subscription.arn},
                     {"Sns", std::move(message)}};
  OrderedJson event;
  event["Records"].push_back(std::move(record));
  return dumped(event);
}

std::string confirmation(const Subscription& subscription, std::string_view message_id, Instant now,
                         std::string_view base_url) {
  const std::string url = fmt::format("{}/?Action=ConfirmSubscription&TopicArn={}&Token={}", base_url,
                                      percent_encode(subscription.topic), subscription.token);
  const std::string text = fmt::format(
      "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the SubscribeURL "
      "included "
      "in this message.",
      subscription.topic);
  return dumped({{"Type", "SubscriptionConfirmation"},
                 {"MessageId", message_id},
                 {"Token", subscription.token},
                 {"TopicArn", subscription.topic},
                 {"Message", text},
                 {"SubscribeURL", url},
                 {"Timestamp", iso8601(now)},
                 {"SignatureVersion", "1"},
                 {"Signature", signature(message_id, text)},
                 {"SigningCertURL", certificate}});
}

AwsError invalid(std::string text) {
  return {rows::InvalidParameterException, fmt::format("Invalid parameter: {}", text)};
}
AwsError no_such_topic() { return {rows::NotFoundException, "Topic does not exist"}; }
AwsError no_such_subscription() { return {rows::NotFoundException, "Subscription does not exist"}; }

}  // namespace aviary::sns
