#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/sns.hpp"
#include "services/sns/api/sns_service.hpp"

namespace aviary::sns {
namespace {

Result<std::map<std::string, std::string>> tags_of(const Json& input) {
  std::map<std::string, std::string> tags;
  if (const Json* given = find_member(input, "Tags"))
    for (const Json& tag : *given)
      if (!tags.emplace(text_of(tag, "Key"), text_of(tag, "Value")).second)
        return invalid("Duplicated keys are not allowed.");
  return tags;
}

constexpr std::string_view actions_of_a_policy[] = {"GetTopicAttributes",
                                                    "SetTopicAttributes",
                                                    "AddPermission",
                                                    "RemovePermission",
                                                    "DeleteTopic",
                                                    "Subscribe",
                                                    "Publish",
                                                    "Receive",
                                                    "ListSubscriptionsByTopic"};

OrderedJson default_policy(const Topic& topic) {
  return {
      {"Version", "2008-10-17"},
      {"Id", "__default_policy_ID"},
      {"Statement", OrderedJson::array(
                        {{{"Sid", "__default_statement_ID"},
                          {"Effect", "Allow"},
                          {"Principal", {{"AWS", "*"}}},
                          {"Action",
                           {"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                            "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                            "SNS:ListSubscriptionsByTopic", "SNS:Publish"}},
                          {"Resource", topic.arn()},
                          {"Condition", {{"StringEquals", {{"AWS:SourceOwner", topic.scope.account}}}}}}})}};
}

OrderedJson policy_of(const Topic& topic) {
  const auto given = topic.attributes.find("Policy");
  OrderedJson policy =
      given == topic.attributes.end() ? OrderedJson() : parse_bounded<OrderedJson>(given->second);
  if (!policy.is_object()) policy = default_policy(topic);
  if (!policy.contains("Statement") || !policy.at("Statement").is_array())
    policy["Statement"] = OrderedJson::array();
  return policy;
}

bool has_label(const OrderedJson& statement, const std::string& label) {
  return statement.is_object() && statement.value("Sid", OrderedJson()) == label;
}

constexpr const char* delivery_policy =
    R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,)"
    R"("numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},)"
    R"("disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})";

}  // namespace

Result<Reply> SnsService::create_topic(Call& call) {
  const auto tags = tags_of(call.input);
  if (!tags) return tags.error();
  const Result<Topic*> topic =
      topics_.create(scope_of(call), text_of(call.input, "Name"), map_of(call.input, "Attributes"), *tags);
  if (!topic) return topic.error();
  return Reply{.output = {{"TopicArn", (*topic)->arn()}}};
}

Result<Reply> SnsService::delete_topic(Call& call) {
  const std::string arn = text_of(call.input, "TopicArn");
  const Result<Topic*> topic = topics_.named(arn, call.region);
  // Deleting what is not there is fine.
  if (!topic && topic.error().shape != &models::sns::errors::NotFoundException) return topic.error();
  topics_.erase(arn);
  return Reply{};
}

Result<Reply> SnsService::list_topics(Call& call) {
  Json arns = Json::array();
  for (const auto& [arn, topic] : topics_.all())
    if (topic.scope == scope_of(call)) arns.push_back({{"TopicArn", arn}});
  return page_of(call, "Topics", std::move(arns));
}

Result<Reply> SnsService::get_topic_attributes(Call& call) {
  const std::string arn = text_of(call.input, "TopicArn");
  const Result<Topic*> found = topics_.named(arn, call.region);
  if (!found) return found.error();
  const Topic& topic = **found;
  std::uint64_t pending = 0;
  std::uint64_t confirmed = 0;
  for (const Subscription* subscription : topics_.subscriptions_of(arn))
    ++(subscription->confirmed ? confirmed : pending);
  std::map<std::string, std::string> all = topic.attributes;
  all["TopicArn"] = arn;
  all["Owner"] = topic.scope.account;
  all["SubscriptionsPending"] = std::to_string(pending);
  all["SubscriptionsConfirmed"] = std::to_string(confirmed);
  all["SubscriptionsDeleted"] = std::to_string(topic.unsubscribed);
  all.try_emplace("DisplayName", "");
  all.try_emplace("Policy", default_policy(topic).dump());
  all["EffectiveDeliveryPolicy"] = delivery_policy;
  if (topic.fifo()) {
    all["FifoTopic"] = "true";
    all.try_emplace("ContentBasedDeduplication", "false");
  }
  return Reply{.output = {{"Attributes", all}}};
}

Result<Reply> SnsService::set_topic_attributes(Call& call) {
  const Result<Topic*> topic = topics_.named(text_of(call.input, "TopicArn"), call.region);
  if (!topic) return topic.error();
  const Result<> done = topics_.set_attribute(**topic, text_of(call.input, "AttributeName"),
                                              text_of(call.input, "AttributeValue"));
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SnsService::add_permission(Call& call) {
  const Result<Topic*> topic = topics_.named(text_of(call.input, "TopicArn"), call.region);
  if (!topic) return topic.error();
  const std::string label = text_of(call.input, "Label");
  OrderedJson policy = policy_of(**topic);
  if (std::ranges::any_of(policy.at("Statement"), [&](const auto& each) { return has_label(each, label); }))
    return invalid("Statement already exists");
  OrderedJson principals = OrderedJson::array();
  for (const Json& account : call.input.at("AWSAccountId"))
    principals.push_back(fmt::format("arn:aws:iam::{}:root", account.get<std::string>()));
  OrderedJson actions = OrderedJson::array();
  for (const Json& action : call.input.at("ActionName")) {
    const std::string name = action.get<std::string>();
    if (std::ranges::find(actions_of_a_policy, name) == std::end(actions_of_a_policy))
      return invalid("Policy statement action out of service scope!");
    actions.push_back("SNS:" + name);
  }
  if (principals.empty() || actions.empty())
    return invalid("Policy statement must have accounts and actions");
  policy["Statement"].push_back(
      {{"Sid", label},
       {"Effect", "Allow"},
       {"Principal", {{"AWS", principals.size() == 1 ? principals[0] : principals}}},
       {"Action", actions.size() == 1 ? actions[0] : actions},
       {"Resource", (*topic)->arn()}});
  const Result<> done = topics_.set_attribute(**topic, "Policy", policy.dump());
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SnsService::remove_permission(Call& call) {
  const Result<Topic*> topic = topics_.named(text_of(call.input, "TopicArn"), call.region);
  if (!topic) return topic.error();
  const std::string label = text_of(call.input, "Label");
  OrderedJson policy = policy_of(**topic);
  OrderedJson kept = OrderedJson::array();
  for (const OrderedJson& statement : policy.at("Statement"))
    if (!has_label(statement, label)) kept.push_back(statement);
  policy["Statement"] = std::move(kept);
  const Result<> done = topics_.set_attribute(**topic, "Policy", policy.dump());
  if (!done) return done.error();
  return Reply{};
}

namespace {

AwsError no_such_resource() {
  return {models::sns::errors::ResourceNotFoundException, "Resource does not exist"};
}

}  // namespace

Result<Reply> SnsService::tag_resource(Call& call) {
  Topic* topic = topics_.find(text_of(call.input, "ResourceArn"));
  if (topic == nullptr) return no_such_resource();
  std::map<std::string, std::string> tags = topic->tags;
  const auto given = tags_of(call.input);
  if (!given) return given.error();
  for (const auto& [key, value] : *given) tags[key] = value;
  if (tags.size() > 50)
    return AwsError(models::sns::errors::TagLimitExceededException,
                    "Could not complete request: tag quota of per resource exceeded");
  topic->tags = std::move(tags);
  topics_.save(*topic);
  return Reply{};
}

Result<Reply> SnsService::untag_resource(Call& call) {
  Topic* topic = topics_.find(text_of(call.input, "ResourceArn"));
  if (topic == nullptr) return no_such_resource();
  for (const Json& key : call.input.at("TagKeys")) topic->tags.erase(key.get<std::string>());
  topics_.save(*topic);
  return Reply{};
}

Result<Reply> SnsService::list_tags_for_resource(Call& call) {
  const Topic* topic = topics_.find(text_of(call.input, "ResourceArn"));
  if (topic == nullptr) return no_such_resource();
  Reply reply;
  Json& list = reply.output["Tags"] = Json::array();
  for (const auto& [key, value] : topic->tags) list.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

}  // namespace aviary::sns
