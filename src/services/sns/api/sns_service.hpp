#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "services/sns/core/topics.hpp"
#include "services/sns/jobs/fan_out.hpp"

namespace aviary::sns {

/// Everything that the service takes from outside; all of it outlives the service.
struct SnsDependencies {
  Clock& clock;
  Random& ids;
  Journal& journal;
  Subscribers* subscribers = nullptr;  ///< null: nothing that is published ever arrives
  /// How clients reach the server, for URLs in messages: `http://127.0.0.1:4566`.
  std::string base_url = "http://127.0.0.1:4566";
};

/// Amazon SNS as the gateway sees it: topics, subscriptions, publishing. Lives on the loop's thread.
class SnsService final : public TableService<SnsService> {
 public:
  explicit SnsService(SnsDependencies dependencies);
  ~SnsService() override;

  static OperationTable<SnsService> operations();
  const ErrorShape* violation_error() const override;
  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

  // For the rest of the emulator (publish.cpp).
  /// Publishes as Publish does; answers the message's id. `topic_arn`, `message`, `subject`, … are read from
  /// the draft.
  Result<Notification> publish(Notification draft);
  /// Null if there is none.
  const Topic* find(std::string_view arn) { return topics_.find(arn); }

 private:
  // topic_operations.cpp
  Result<Reply> create_topic(Call& call);
  Result<Reply> delete_topic(Call& call);
  Result<Reply> list_topics(Call& call);
  Result<Reply> get_topic_attributes(Call& call);
  Result<Reply> set_topic_attributes(Call& call);
  Result<Reply> add_permission(Call& call);
  Result<Reply> remove_permission(Call& call);
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);
  // subscription_operations.cpp
  Result<Reply> subscribe(Call& call);
  Result<Reply> confirm_subscription(Call& call);
  Result<Reply> unsubscribe(Call& call);
  Result<Reply> list_subscriptions(Call& call);
  Result<Reply> list_subscriptions_by_topic(Call& call);
  Result<Reply> get_subscription_attributes(Call& call);
  Result<Reply> set_subscription_attributes(Call& call);
  // publish.cpp
  Result<Reply> publish(Call& call);
  Result<Reply> publish_batch(Call& call);

  void ask_to_confirm(const Subscription& subscription);
  Json list_entry(const Subscription& subscription) const;

  Clock& clock_;
  Random& ids_;
  Subscribers* subscribers_;
  std::string base_url_;
  Topics topics_;
  FanOut fan_out_;
  struct Seen {
    std::string id;
    std::string sequence_number;
    Instant until{};
  };
  std::map<std::string, Seen> seen_;  ///< of FIFO topics, five minutes long: topic and deduplication id
};

// input.cpp
const Json* find_member(const Json& input, const char* name);
std::string text_of(const Json& input, const char* name);
std::map<std::string, std::string> map_of(const Json& input, const char* name);
inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }
/// Writes a page of `entries` from where the token says; a hundred at a time, as SNS does.
Result<Reply> page_of(const Call& call, const char* member, Json entries);

}  // namespace aviary::sns
