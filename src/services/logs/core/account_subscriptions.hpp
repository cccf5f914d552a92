#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/logs/core/log_group.hpp"

namespace aviary::logs {

/// An account's policy that subscribes all of its groups but those that it leaves out.
struct AccountSubscription {
  SubscriptionFilter filter;
  std::vector<std::string> left_out;  ///< names of groups

  bool takes(const LogGroup& group) const;
  /// Reads a policy of type SUBSCRIPTION_FILTER_POLICY: `policyName`, `policyDocument`, `selectionCriteria`.
  static Result<AccountSubscription> parse(const Json& policy);
};

/// Those of all accounts, one an account and region: as AWS has it.
class AccountSubscriptions {
 public:
  /// Null if the group is not subscribed by its account.
  const SubscriptionFilter* find(const LogGroup& group) const;
  void put(const Scope& scope, AccountSubscription subscription) {
    subscriptions_.insert_or_assign(scope, std::move(subscription));
  }
  void erase(const Scope& scope) { subscriptions_.erase(scope); }
  void clear() { subscriptions_.clear(); }

 private:
  std::map<Scope, AccountSubscription> subscriptions_;
};

}  // namespace aviary::logs
