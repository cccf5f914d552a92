#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ports/random.hpp"
#include "ports/records.hpp"
#include "services/sns/core/topic.hpp"

namespace aviary::sns {

/// All topics and subscriptions. Lives on the loop's thread.
class Topics {
 public:
  Topics(Random& ids, Journal& journal);

  Result<Topic*> create(const Scope& scope, const std::string& name,
                        const std::map<std::string, std::string>& attributes,
                        const std::map<std::string, std::string>& tags);
  Topic* find(std::string_view arn);
  /// The topic that a parameter names, or what SNS says of one that is none. `region` is the caller's; empty:
  /// whatever it is.
  Result<Topic*> named(const std::string& arn, std::string_view region = {});
  Result<> set_attribute(Topic& topic, const std::string& name, const std::string& value);
  void erase(const std::string& arn);
  void save(const Topic& topic);
  /// `SequenceNumber` of the next message of a FIFO topic.
  std::string next_sequence(Topic& topic);

  Result<Subscription*> subscribe(const Scope& caller, Topic& topic, const std::string& protocol,
                                  const std::string& endpoint,
                                  const std::map<std::string, std::string>& attributes);
  Subscription* find_subscription(std::string_view arn);
  Subscription* find_token(std::string_view topic_arn, std::string_view token);
  Result<> set_attribute(Subscription& subscription, const std::string& name, const std::string& value);
  void confirm(Subscription& subscription, bool authenticated);
  void unsubscribe(const std::string& arn);
  std::vector<Subscription*> subscriptions_of(std::string_view topic_arn);

  const std::map<std::string, Topic, std::less<>>& all() const noexcept { return topics_; }
  const std::map<std::string, Subscription, std::less<>>& subscriptions() const noexcept {
    return subscriptions_;
  }
  void restore();
  void clear();

 private:
  void save(const Subscription& subscription);

  Random& ids_;
  std::map<std::string, Topic, std::less<>> topics_;                ///< by ARN
  std::map<std::string, Subscription, std::less<>> subscriptions_;  ///< by ARN, so by topic
  Records<Json> topic_records_;
  Records<Json> subscription_records_;
};

}  // namespace aviary::sns
