#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/sqs.hpp"
#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {
namespace {

constexpr std::size_t tags_at_most = 50;

/// The queue's policy, or the beginning of one.
OrderedJson policy_of(const Queue& queue) {
  const auto given = queue.settings().given.find("Policy");
  if (given != queue.settings().given.end()) {
    OrderedJson policy = parse_bounded<OrderedJson>(given->second);
    if (policy.is_object()) {
      if (!policy.contains("Statement")) policy["Statement"] = OrderedJson::array();
      if (policy.at("Statement").is_object())
        policy["Statement"] = OrderedJson::array({policy.at("Statement")});
      return policy;
    }
  }
  return {{"Version", "2008-10-17"},
          {"Id", queue.arn() + "/SQSDefaultPolicy"},
          {"Statement", OrderedJson::array()}};
}

OrderedJson one_or_many(std::vector<std::string> values) {
  return values.size() == 1 ? OrderedJson(values.front()) : OrderedJson(std::move(values));
}

/// Batches are permitted with their single messages, so they are no actions of their own.
Result<> check_action(const std::string& action) {
  constexpr std::string_view for_others[] = {"*",
                                             "SendMessage",
                                             "ReceiveMessage",
                                             "DeleteMessage",
                                             "ChangeMessageVisibility",
                                             "GetQueueUrl",
                                             "PurgeQueue",
                                             "GetQueueAttributes",
                                             "ListDeadLetterSourceQueues"};
  if (std::ranges::find(for_others, action) != std::end(for_others)) return {};
  const bool owners = models::sqs::service.find_operation(action) != nullptr && !action.ends_with("Batch");
  return invalid_value_of("ActionName", "SQS:" + action,
                          owners ? "Only the queue owner is allowed to invoke this action."
                                 : "Please refer to the appropriate WSDL for a list of valid actions.");
}

bool has_label(const OrderedJson& statement, const std::string& label) {
  return statement.is_object() && statement.value("Sid", OrderedJson()) == label;
}

}  // namespace

Result<Reply> SqsService::tag_queue(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const std::map<std::string, std::string> given = map_of(call.input, "Tags");
  if (given.empty()) return missing_parameter("Tags");
  std::map<std::string, std::string> tags = (*queue)->tags;
  for (const auto& [key, value] : given) tags[key] = value;
  if (tags.size() > tags_at_most)
    return invalid_parameter(fmt::format("Too many tags added for queue {}.", (*queue)->id().name));
  (*queue)->tags = std::move(tags);
  queues_.save(**queue);
  return Reply{};
}

Result<Reply> SqsService::untag_queue(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const std::vector<std::string> keys = texts_of(call.input, "TagKeys");
  if (keys.empty()) return missing_parameter("TagKeys");
  for (const std::string& key : keys) (*queue)->tags.erase(key);
  queues_.save(**queue);
  return Reply{};
}

Result<Reply> SqsService::list_queue_tags(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  Reply reply;
  if (!(*queue)->tags.empty()) reply.output["Tags"] = (*queue)->tags;
  return reply;
}

Result<Reply> SqsService::add_permission(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const Result<std::string> label = required_text(call.input, "Label");
  if (!label) return label.error();
  const std::vector<std::string> accounts = texts_of(call.input, "AWSAccountIds");
  std::vector<std::string> actions = texts_of(call.input, "Actions");
  if (accounts.empty()) return missing_parameter("AWSAccountIds");
  if (actions.empty()) return missing_parameter("Actions");
  if (actions.size() > 7)
    return AwsError(models::sqs::errors::OverLimit,
                    fmt::format("{} Actions were found, maximum allowed is 7.", actions.size()));
  OrderedJson policy = policy_of(**queue);
  if (std::ranges::any_of(policy.at("Statement"), [&](const auto& each) { return has_label(each, *label); }))
    return invalid_value_of("Label", *label, "Already exists.");
  std::vector<std::string> principals;
  for (const std::string& account : accounts)
    principals.push_back(fmt::format("arn:aws:iam::{}:root", account));
  for (std::string& action : actions) {
    if (const Result<> valid = check_action(action); !valid) return valid.error();
    action = "SQS:" + action;
  }
  policy["Statement"].push_back({{"Sid", *label},
                                 {"Effect", "Allow"},
                                 {"Principal", {{"AWS", one_or_many(std::move(principals))}}},
                                 {"Action", one_or_many(std::move(actions))},
                                 {"Resource", (*queue)->arn()}});
  const Result<> done = queues_.set_attributes(**queue, {{"Policy", policy.dump()}}, call.now);
  if (!done) return done.error();
  return Reply{};
}

Result<Reply> SqsService::remove_permission(Call& call) {
  const Result<Queue*> queue = named_queue(call);
  if (!queue) return queue.error();
  const Result<std::string> label = required_text(call.input, "Label");
  if (!label) return label.error();
  OrderedJson policy = policy_of(**queue);
  OrderedJson kept = OrderedJson::array();
  for (const OrderedJson& statement : policy.at("Statement"))
    if (!has_label(statement, *label)) kept.push_back(statement);
  if (kept.size() == policy.at("Statement").size())
    return invalid_value_of("Label", *label, "can't find label.");
  policy["Statement"] = kept;
  const std::string text = kept.empty() ? std::string() : policy.dump();
  const Result<> done = queues_.set_attributes(**queue, {{"Policy", text}}, call.now);
  if (!done) return done.error();
  return Reply{};
}

}  // namespace aviary::sqs
