#include "services/sns/api/sns_service.hpp"

#include <charconv>

#include "base/encoding.hpp"
#include "models/sns.hpp"

namespace aviary::sns {

/// Which member answers which operation.
OperationTable<SnsService> SnsService::operations() {
  using S = SnsService;
  using Entry = OperationTable<S>::Entry;
  static constexpr Entry entries[] = {
      {"AddPermission", &S::add_permission},
      {"ConfirmSubscription", &S::confirm_subscription},
      {"CreateTopic", &S::create_topic},
      {"DeleteTopic", &S::delete_topic},
      {"GetSubscriptionAttributes", &S::get_subscription_attributes},
      {"GetTopicAttributes", &S::get_topic_attributes},
      {"ListSubscriptions", &S::list_subscriptions},
      {"ListSubscriptionsByTopic", &S::list_subscriptions_by_topic},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"ListTopics", &S::list_topics},
      {"Publish", static_cast<Result<Reply> (S::*)(Call&)>(&S::publish)},
      {"PublishBatch", &S::publish_batch},
      {"RemovePermission", &S::remove_permission},
      {"SetSubscriptionAttributes", &S::set_subscription_attributes},
      {"SetTopicAttributes", &S::set_topic_attributes},
      {"Subscribe", &S::subscribe},
      {"TagResource", &S::tag_resource},
      {"Unsubscribe", &S::unsubscribe},
      {"UntagResource", &S::untag_resource},
  };
  return {models::sns::service, "SNS", entries};
}

SnsService::SnsService(SnsDependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      subscribers_(d.subscribers),
      base_url_(std::move(d.base_url)),
      topics_(d.ids, d.journal),
      fan_out_(d.clock, d.journal, d.subscribers) {}

SnsService::~SnsService() = default;

const ErrorShape* SnsService::violation_error() const { return &models::sns::errors::ValidationException; }

void SnsService::restore() {
  topics_.restore();
  fan_out_.restore();
}

void SnsService::reset() {
  fan_out_.clear();
  topics_.clear();
  seen_.clear();
}

Task<> SnsService::stop() {
  fan_out_.stop();
  if (subscribers_ != nullptr) co_await subscribers_->stop();
}

Json SnsService::counts() const {
  return {{"topics", topics_.all().size()},
          {"subscriptions", topics_.subscriptions().size()},
          {"under_way", fan_out_.under_way()}};
}

const Json* find_member(const Json& input, const char* name) {
  const auto found = input.find(name);
  return found == input.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member && member->is_string() ? member->get<std::string>() : std::string();
}

std::map<std::string, std::string> map_of(const Json& input, const char* name) {
  const Json* member = find_member(input, name);
  return member ? member->get<std::map<std::string, std::string>>() : std::map<std::string, std::string>();
}

Result<Reply> page_of(const Call& call, const char* member, Json entries) {
  constexpr std::size_t page = 100;
  const std::string token = text_of(call.input, "NextToken");
  std::size_t first = 0;
  if (!token.empty()) {
    const std::string plain = base64_decode(token).value_or("");
    const auto [end, problem] = std::from_chars(plain.data(), plain.data() + plain.size(), first);
    if (problem != std::errc() || end != plain.data() + plain.size()) return invalid("NextToken");
  }
  Reply reply;
  Json& list = reply.output[member] = Json::array();
  for (std::size_t i = first; i < entries.size() && list.size() < page; ++i)
    list.push_back(std::move(entries[i]));
  if (first + list.size() < entries.size())
    reply.output["NextToken"] = base64_encode(std::to_string(first + list.size()));
  return reply;
}

}  // namespace aviary::sns
