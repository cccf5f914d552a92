#include <fmt/format.h>

#include <algorithm>

#include "models/sns.hpp"
#include "services/sns/api/sns_service.hpp"

namespace aviary::sns {
namespace {

constexpr const char* pending = "PendingConfirmation";

}  // namespace

/// HTTP endpoints are asked by a request; of the rest nobody here has a mailbox, so they stay as they are on
/// AWS until somebody confirms.
void SnsService::ask_to_confirm(const Subscription& subscription) {
  if (subscription.protocol != "http" && subscription.protocol != "https") return;
  const std::string id = ids_.uuid();
  Parcel parcel{.sender = {.account = subscription.owner, .region = {}},
                .protocol = subscription.protocol,
                .endpoint = subscription.endpoint,
                .body = confirmation(subscription, id, clock_.now(), base_url_)};
  parcel.headers = {{"x-amz-sns-message-type", "SubscriptionConfirmation"},
                    {"x-amz-sns-message-id", id},
                    {"x-amz-sns-topic-arn", subscription.topic},
                    {"Content-Type", "text/plain; charset=UTF-8"},
                    {"User-Agent", "Amazon Simple Notification Service Agent"}};
  fan_out_.send(std::move(parcel), {});
}

Result<Reply> SnsService::subscribe(Call& call) {
  constexpr std::string_view delivered[] = {"sqs", "lambda", "http", "https", "email", "email-json"};
  constexpr std::string_view known[] = {"sms", "application", "firehose"};
  const std::string protocol = text_of(call.input, "Protocol");
  if (std::ranges::find(known, protocol) != std::end(known))
    return AwsError(
        wire::errors::NotImplemented,
        fmt::format("Aviary's topics do not deliver to {}: sqs, lambda, http, https and email are there.",
                    protocol));
  if (std::ranges::find(delivered, protocol) == std::end(delivered))
    return invalid(fmt::format("Amazon SNS does not support this protocol string: {}", protocol));
  const Result<Topic*> topic = topics_.named(text_of(call.input, "TopicArn"), call.region);
  if (!topic) return topic.error();
  const Result<Subscription*> made = topics_.subscribe(
      scope_of(call), **topic, protocol, text_of(call.input, "Endpoint"), map_of(call.input, "Attributes"));
  if (!made) return made.error();
  const Subscription subscription = **made;
  // Who subscribes again without having confirmed is asked again.
  if (!subscription.confirmed) ask_to_confirm(subscription);
  const bool says = subscription.confirmed || call.input.value("ReturnSubscriptionArn", false);
  return Reply{.output = {{"SubscriptionArn", says ? subscription.arn : "pending confirmation"}}};
}

Result<Reply> SnsService::confirm_subscription(Call& call) {
  const std::string token = text_of(call.input, "Token");
  const bool like_one =
      token.size() >= 64 && token.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!like_one) return AwsError(models::sns::errors::InvalidParameterException, "Invalid token");
  Subscription* subscription = topics_.find_token(text_of(call.input, "TopicArn"), token);
  if (subscription == nullptr) return invalid("Token");
  const bool authenticated = text_of(call.input, "AuthenticateOnUnsubscribe") == "true";
  if (!subscription->confirmed) topics_.confirm(*subscription, authenticated);
  return Reply{.output = {{"SubscriptionArn", subscription->arn}}};
}

Result<Reply> SnsService::unsubscribe(Call& call) {
  const std::string arn = text_of(call.input, "SubscriptionArn");
  const auto elements = std::ranges::count(arn, ':') + 1;
  if (elements < 6)
    return invalid(
        fmt::format("SubscriptionArn Reason: An ARN must have at least 6 elements, not {}", elements));
  if (elements == 6) return invalid("SubscriptionId");  // a topic's own ARN
  topics_.unsubscribe(arn);
  return Reply{};
}

Json SnsService::list_entry(const Subscription& subscription) const {
  return {{"SubscriptionArn", subscription.confirmed ? subscription.arn : pending},
          {"Owner", subscription.owner},
          {"Protocol", subscription.protocol},
          {"Endpoint", subscription.endpoint},
          {"TopicArn", subscription.topic}};
}

Result<Reply> SnsService::list_subscriptions(Call& call) {
  Json entries = Json::array();
  for (const auto& [arn, subscription] : topics_.subscriptions()) {
    const Topic* topic = topics_.find(subscription.topic);
    if (topic != nullptr && topic->scope == scope_of(call)) entries.push_back(list_entry(subscription));
  }
  return page_of(call, "Subscriptions", std::move(entries));
}

Result<Reply> SnsService::list_subscriptions_by_topic(Call& call) {
  const std::string arn = text_of(call.input, "TopicArn");
  if (const Result<Topic*> topic = topics_.named(arn, call.region); !topic) return topic.error();
  Json entries = Json::array();
  for (const Subscription* subscription : topics_.subscriptions_of(arn))
    entries.push_back(list_entry(*subscription));
  return page_of(call, "Subscriptions", std::move(entries));
}

Result<Reply> SnsService::get_subscription_attributes(Call& call) {
  const Subscription* subscription = topics_.find_subscription(text_of(call.input, "SubscriptionArn"));
  if (subscription == nullptr) return no_such_subscription();
  std::map<std::string, std::string> all = subscription->attributes;
  all["SubscriptionArn"] = subscription->arn;
  all["TopicArn"] = subscription->topic;
  all["Owner"] = subscription->owner;
  all["Protocol"] = subscription->protocol;
  all["Endpoint"] = subscription->endpoint;
  all["PendingConfirmation"] = subscription->confirmed ? "false" : "true";
  all["ConfirmationWasAuthenticated"] = subscription->authenticated ? "true" : "false";
  all["SubscriptionPrincipal"] = fmt::format("arn:aws:iam::{}:root", subscription->owner);
  all.try_emplace("RawMessageDelivery", "false");
  if (subscription->filter) all.try_emplace("FilterPolicyScope", "MessageAttributes");
  return Reply{.output = {{"Attributes", all}}};
}

Result<Reply> SnsService::set_subscription_attributes(Call& call) {
  Subscription* subscription = topics_.find_subscription(text_of(call.input, "SubscriptionArn"));
  if (subscription == nullptr) return no_such_subscription();
  const Result<> done = topics_.set_attribute(*subscription, text_of(call.input, "AttributeName"),
                                              text_of(call.input, "AttributeValue"));
  if (!done) return done.error();
  return Reply{};
}

}  // namespace aviary::sns
