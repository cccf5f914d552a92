#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "services/logs/api/document_page.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"
#include "wire/protocol.hpp"

/// Policies of an account for all of its groups. One kind is here: those that subscribe them.
namespace aviary::logs {
namespace {

constexpr const char* subscribes = "SUBSCRIPTION_FILTER_POLICY";

std::string policy_key(const Json& input) {
  return text_of(input, "policyType") + "/" + text_of(input, "policyName");
}

}  // namespace

Task<Result<Reply>> LogsService::put_account_policy(Call call) {
  const Scope scope = scope_of(call);
  const std::string& type = text_of(call.input, "policyType");
  if (type != subscribes)
    co_return AwsError(wire::errors::NotImplemented,
                       fmt::format("Account policies of the type {} are not part of Aviary yet.", type));
  if (text_of(call.input, "policyName").empty()) co_return invalid_parameter("policyName must not be empty.");
  Result<AccountSubscription> subscription = AccountSubscription::parse(call.input);
  if (!subscription) co_return subscription.error();
  if (const Result<> fits = check_subscription(subscription->filter, call); !fits) co_return fits.error();
  const bool there = co_await subscription_target_.exists(scope, subscription->filter.destination_arn);
  if (!there) co_return cannot_reach(subscription->filter.destination_arn);

  const std::string key = policy_key(call.input);
  // "Each account can have only one account-level subscription filter policy per Region."
  const auto& kept = account_policies_.of(scope);
  if (!kept.empty() && !kept.contains(key)) co_return limit_exceeded();
  Json policy{{"policyName", text_of(call.input, "policyName")},
              {"policyDocument", text_of(call.input, "policyDocument")},
              {"policyType", type},
              {"scope", "ALL"},
              {"accountId", scope.account},
              {"lastUpdatedTime", to_millis(call.now)}};
  if (const std::string& criteria = text_of(call.input, "selectionCriteria"); !criteria.empty())
    policy["selectionCriteria"] = criteria;
  Reply reply;
  reply.output["accountPolicy"] = policy;
  account_policies_.put(scope, key, std::move(policy));
  account_subscriptions_.put(scope, std::move(*subscription));
  co_return reply;
}

Result<Reply> LogsService::describe_account_policies(Call& call) {
  const std::string& type = text_of(call.input, "policyType");
  const std::string& name = text_of(call.input, "policyName");
  if (!name.empty() && account_policies_.find(scope_of(call), policy_key(call.input)) == nullptr)
    return not_found("The specified account policy does not exist.");
  // Only accounts that are linked for monitoring see each other's, and here none are.
  const std::vector<std::string> accounts = texts_of(call.input, "accountIdentifiers");
  const bool others = !accounts.empty() && std::ranges::find(accounts, call.account) == accounts.end();
  return page_of(account_policies_, call, "accountPolicies", [&](const Json& policy) {
    const bool wanted = text_of(policy, "policyType") == type && !others &&
                        (name.empty() || text_of(policy, "policyName") == name);
    return wanted ? policy : Json();
  });
}

Result<Reply> LogsService::delete_account_policy(Call& call) {
  const Scope scope = scope_of(call);
  const std::string key = policy_key(call.input);
  if (account_policies_.find(scope, key) == nullptr)
    return not_found("The specified account policy does not exist.");
  account_policies_.erase(scope, key);
  account_subscriptions_.erase(scope);
  return Reply{};
}

void LogsService::restore_account_policies() {
  account_policies_.restore();
  account_policies_.visit([this](const Scope& scope, const Json& policy) {
    Result<AccountSubscription> subscription = AccountSubscription::parse(policy);
    if (subscription) {
      account_subscriptions_.put(scope, std::move(*subscription));
    } else {
      log::error("an account policy of an earlier run is refused now: {}", subscription.error().message);
    }
  });
}

}  // namespace aviary::logs
