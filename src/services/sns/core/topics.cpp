#include "services/sns/core/topics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/sns.hpp"
#include "services/sns/core/filter_policy.hpp"

namespace aviary::sns {
namespace {

constexpr std::string_view topic_attributes[] = {"ArchivePolicy",
                                                 "BeginningArchiveTime",
                                                 "ContentBasedDeduplication",
                                                 "DataProtectionPolicy",
                                                 "DeliveryPolicy",
                                                 "DisplayName",
                                                 "FifoThroughputScope",
                                                 "FifoTopic",
                                                 "KmsMasterKeyId",
                                                 "Policy",
                                                 "SignatureVersion",
                                                 "TracingConfig"};
constexpr std::string_view feedback_ends[] = {"SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate",
                                              "FailureFeedbackRoleArn"};
constexpr std::string_view subscription_attributes[] = {
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope",  "RawMessageDelivery",
    "RedrivePolicy",  "ReplayPolicy", "SubscriptionRoleArn"};

bool is_topic_name(std::string_view name) {
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && name.size() <= 256 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// SNS takes a flag in any case.
bool is_flag(const std::string& value) { return lower(value) == "true" || lower(value) == "false"; }

Result<> check_topic_attribute(const std::string& name, const std::string& value, bool fifo) {
  const bool known = std::ranges::find(topic_attributes, name) != std::end(topic_attributes) ||
                     std::ranges::any_of(feedback_ends, [&](auto end) { return name.ends_with(end); });
  if (!known) return invalid("AttributeName");
  if (name == "FifoTopic" || name == "ContentBasedDeduplication") {
    if (!is_flag(value)) return invalid(fmt::format("Attributes Reason: {}: Invalid value: {}", name, value));
    if (name == "ContentBasedDeduplication" && !fifo)
      return invalid("Attributes Reason: Content-based deduplication can only be set for FIFO topics");
  }
  if (name == "DisplayName" && value.size() > 100) return invalid("DisplayName");
  if (name == "Policy" && !value.empty() && !parse_bounded<Json>(value).is_object())
    return invalid("Policy Error: null");
  return {};
}

Result<> check_redrive(const Subscription& subscription, const std::string& value, std::string_view within) {
  const auto refuse = [within](std::string_view reason) {
    return invalid(fmt::format("{}RedrivePolicy: {}", within, reason));
  };
  const Json policy = parse_bounded<Json>(value);
  if (!policy.is_object()) return refuse("failed to parse JSON.");
  const Json given = policy.value("deadLetterTargetArn", Json());
  const std::string target = given.is_string() ? given.get<std::string>() : std::string();
  if (!target.starts_with("arn:") || target.find(":sqs:") == std::string::npos)
    return refuse("deadLetterTargetArn is an invalid arn");
  const bool fifo = subscription.topic.ends_with(".fifo");
  if (!fifo && target.ends_with(".fifo"))
    return refuse("must use a standard queue as DLQ for a standard topic");
  if (fifo && subscription.endpoint.ends_with(".fifo") && !target.ends_with(".fifo"))
    return refuse("must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
  return {};
}

/// Sets an attribute. `within` as read_filter_policy() has it.
Result<> apply(Subscription& subscription, const std::string& name, const std::string& value,
               std::string_view within) {
  const auto refuse = [within](std::string_view reason) {
    return invalid(fmt::format("{}{}", within, reason));
  };
  if (std::ranges::find(subscription_attributes, name) == std::end(subscription_attributes))
    return refuse("AttributeName");
  if (name == "RawMessageDelivery") {
    if (!is_flag(value))
      return refuse(fmt::format("RawMessageDelivery: Invalid value [{}]. Must be true or false.", value));
    if (subscription.protocol == "lambda")
      return refuse("RawMessageDelivery: Delivery protocol [lambda] does not support raw message delivery.");
  }
  if (name == "FilterPolicyScope" && value != "MessageAttributes" && value != "MessageBody")
    return refuse(fmt::format(
        "FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or MessageAttributes", value));
  if (name == "RedrivePolicy" && !value.empty())
    if (const Result<> valid = check_redrive(subscription, value, within); !valid) return valid.error();
  if (value.empty() || (name == "FilterPolicy" && value == "{}"))
    subscription.attributes.erase(name);
  else if (name == "RawMessageDelivery")
    subscription.attributes[name] = lower(value);
  else
    subscription.attributes[name] = value;
  if (name != "FilterPolicy" && name != "FilterPolicyScope") return {};
  subscription.filter.reset();
  const auto policy = subscription.attributes.find("FilterPolicy");
  if (policy == subscription.attributes.end()) return {};
  Result<EventPattern> filter = read_filter_policy(policy->second, subscription.filters_body(), within);
  if (!filter) return filter.error();
  subscription.filter = std::move(*filter);
  return {};
}

Result<> check_endpoint(const Topic& topic, const std::string& protocol, const std::string& endpoint) {
  if (endpoint.empty()) return invalid("Endpoint");
  if (protocol == "http" || protocol == "https") {
    if (!endpoint.starts_with(protocol + "://")) return invalid("Endpoint must match the specified protocol");
    return {};
  }
  if (protocol == "sqs") {
    if (!endpoint.starts_with("arn:") || endpoint.find(":sqs:") == std::string::npos)
      return invalid("SQS endpoint ARN");
    if (!topic.fifo() && endpoint.ends_with(".fifo"))
      return invalid(
          "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics");
    return {};
  }
  if (protocol == "lambda") {
    if (!endpoint.starts_with("arn:") || endpoint.find(":lambda:") == std::string::npos)
      return invalid("Lambda endpoint ARN");
    if (topic.fifo()) return invalid("Endpoint Reason: Please use FIFO SQS queue");
    return {};
  }
  if (endpoint.find('@') == std::string::npos) return invalid("Email address");
  return {};
}

}  // namespace

Topics::Topics(Random& ids, Journal& journal)
    : ids_(ids), topic_records_(journal, "sns.topics"), subscription_records_(journal, "sns.subscriptions") {}

Result<Topic*> Topics::create(const Scope& scope, const std::string& name,
                              const std::map<std::string, std::string>& attributes,
                              const std::map<std::string, std::string>& tags) {
  const auto fifo = attributes.find("FifoTopic");
  const bool wants_fifo = fifo != attributes.end() && (fifo->second == "true" || fifo->second == "True");
  if (wants_fifo && !name.ends_with(".fifo"))
    return invalid(
        "Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and "
        "lowercase "
        "ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.");
  if (!is_topic_name(name) || wants_fifo != name.ends_with(".fifo")) return invalid("Topic Name");
  for (const auto& [attribute, value] : attributes)
    if (const Result<> valid = check_topic_attribute(attribute, value, wants_fifo); !valid)
      return valid.error();
  Topic topic{.scope = scope, .name = name, .attributes = attributes, .tags = tags};
  if (Topic* there = find(topic.arn())) {
    for (const auto& [attribute, value] : attributes) {
      const auto has = there->attributes.find(attribute);
      if (has == there->attributes.end() || has->second != value)
        return invalid("Attributes Reason: Topic already exists with different attributes");
    }
    if (!tags.empty() && tags != there->tags)
      return invalid("Tags Reason: Topic already exists with different tags");
    return there;
  }
  save(topic);
  std::string arn = topic.arn();
  return &topics_.emplace(std::move(arn), std::move(topic)).first->second;
}

Topic* Topics::find(std::string_view arn) {
  const auto found = topics_.find(arn);
  return found == topics_.end() ? nullptr : &found->second;
}

Result<Topic*> Topics::named(const std::string& arn, std::string_view region) {
  const auto elements = std::ranges::count(arn, ':') + 1;
  if (elements < 6)
    return invalid(fmt::format("TopicArn Reason: An ARN must have at least 6 elements, not {}", elements));
  if (!arn.starts_with("arn:aws") || arn.find(":sns:") == std::string::npos) return invalid("TopicArn");
  // A topic is spoken to in its own region.
  if (!region.empty() && arn.find(fmt::format(":sns:{}:", region)) == std::string::npos)
    return invalid("TopicArn");
  Topic* topic = find(arn);
  if (topic == nullptr) return no_such_topic();
  return topic;
}

Result<> Topics::set_attribute(Topic& topic, const std::string& name, const std::string& value) {
  if (name == "FifoTopic") return invalid("AttributeName");
  if (const Result<> valid = check_topic_attribute(name, value, topic.fifo()); !valid) return valid.error();
  if (value.empty())
    topic.attributes.erase(name);
  else
    topic.attributes[name] = value;
  save(topic);
  return {};
}

void Topics::erase(const std::string& arn) {
  for (const Subscription* subscription : subscriptions_of(arn)) {
    const std::string own = subscription->arn;
    subscription_records_.erase(own);
    subscriptions_.erase(own);
  }
  topic_records_.erase(arn);
  topics_.erase(arn);
}

void Topics::save(const Topic& topic) {
  topic_records_.save(topic.arn(), Json{{"account", topic.scope.account},
                                        {"region", topic.scope.region},
                                        {"name", topic.name},
                                        {"attributes", topic.attributes},
                                        {"tags", topic.tags},
                                        {"sequence", topic.last_sequence},
                                        {"unsubscribed", topic.unsubscribed}});
}

std::string Topics::next_sequence(Topic& topic) {
  ++topic.last_sequence;
  save(topic);
  return fmt::format("1{:016}000", topic.last_sequence);
}

Result<Subscription*> Topics::subscribe(const Scope& caller, Topic& topic, const std::string& protocol,
                                        const std::string& endpoint,
                                        const std::map<std::string, std::string>& attributes) {
  constexpr std::string_view subscribing = "Attributes Reason: ";
  if (const Result<> valid = check_endpoint(topic, protocol, endpoint); !valid) return valid.error();
  Subscription made{.arn = fmt::format("{}:{}", topic.arn(), ids_.uuid()),
                    .topic = topic.arn(),
                    .owner = caller.account,
                    .protocol = protocol,
                    .endpoint = endpoint,
                    .token = ids_.hex(64)};
  made.confirmed = made.authenticated = protocol == "sqs" || protocol == "lambda";
  // The scope first: it decides how the policy is read.
  for (const char* first : {"FilterPolicyScope", "FilterPolicy"})
    if (const auto found = attributes.find(first); found != attributes.end())
      if (const Result<> done = apply(made, first, found->second, subscribing); !done) return done.error();
  for (const auto& [name, value] : attributes)
    if (!name.starts_with("FilterPolicy"))
      if (const Result<> done = apply(made, name, value, subscribing); !done) return done.error();
  for (Subscription* there : subscriptions_of(made.topic)) {
    if (there->protocol != protocol || there->endpoint != endpoint) continue;
    if (!attributes.empty() && there->attributes != made.attributes)
      return invalid("Attributes Reason: Subscription already exists with different attributes");
    return there;
  }
  save(made);
  std::string arn = made.arn;
  return &subscriptions_.emplace(std::move(arn), std::move(made)).first->second;
}

Subscription* Topics::find_subscription(std::string_view arn) {
  const auto found = subscriptions_.find(arn);
  return found == subscriptions_.end() ? nullptr : &found->second;
}

Subscription* Topics::find_token(std::string_view topic_arn, std::string_view token) {
  for (Subscription* subscription : subscriptions_of(topic_arn))
    if (subscription->token == token) return subscription;
  return nullptr;
}

Result<> Topics::set_attribute(Subscription& subscription, const std::string& name,
                               const std::string& value) {
  Subscription changed = subscription;
  const Result<> done = apply(changed, name, value, {});
  if (!done) return done.error();
  subscription = std::move(changed);
  save(subscription);
  return {};
}

void Topics::confirm(Subscription& subscription, bool authenticated) {
  subscription.confirmed = true;
  subscription.authenticated = authenticated;
  save(subscription);
}

void Topics::unsubscribe(const std::string& arn) {
  const auto found = subscriptions_.find(arn);
  if (found == subscriptions_.end()) return;
  if (Topic* topic = find(found->second.topic)) {
    ++topic->unsubscribed;
    save(*topic);
  }
  subscription_records_.erase(arn);
  subscriptions_.erase(found);
}

std::vector<Subscription*> Topics::subscriptions_of(std::string_view topic_arn) {
  std::vector<Subscription*> found;
  const std::string prefix = fmt::format("{}:", topic_arn);
  for (auto at = subscriptions_.lower_bound(prefix);
       at != subscriptions_.end() && at->first.starts_with(prefix); ++at)
    found.push_back(&at->second);
  return found;
}

void Topics::save(const Subscription& subscription) {
  subscription_records_.save(subscription.arn, Json{{"topic", subscription.topic},
                                                    {"owner", subscription.owner},
                                                    {"protocol", subscription.protocol},
                                                    {"endpoint", subscription.endpoint},
                                                    {"confirmed", subscription.confirmed},
                                                    {"authenticated", subscription.authenticated},
                                                    {"token", subscription.token},
                                                    {"attributes", subscription.attributes}});
}

void Topics::restore() {
  topic_records_.load([this](std::string_view arn, const Json& record) {
    topics_.emplace(std::string(arn), Topic{.scope = {record.at("account"), record.at("region")},
                                            .name = record.at("name"),
                                            .attributes = record.at("attributes"),
                                            .tags = record.at("tags"),
                                            .last_sequence = record.at("sequence"),
                                            .unsubscribed = record.at("unsubscribed")});
  });
  subscription_records_.load([this](std::string_view arn, const Json& record) {
    Subscription subscription{.arn = std::string(arn),
                              .topic = record.at("topic"),
                              .owner = record.at("owner"),
                              .protocol = record.at("protocol"),
                              .endpoint = record.at("endpoint"),
                              .confirmed = record.at("confirmed"),
                              .authenticated = record.at("authenticated"),
                              .token = record.at("token"),
                              .attributes = record.at("attributes")};
    if (const auto policy = subscription.attributes.find("FilterPolicy");
        policy != subscription.attributes.end())
      if (Result<EventPattern> filter = read_filter_policy(policy->second, subscription.filters_body(), {}))
        subscription.filter = std::move(*filter);
    subscriptions_.emplace(std::string(arn), std::move(subscription));
  });
}

void Topics::clear() {
  topics_.clear();
  subscriptions_.clear();
}

}  // namespace aviary::sns
