#include <fmt/format.h>
#include <algorithm>

#include "base/bounded_json.hpp"
#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

/// Who else may write into an account's logs, or into one group: kept and read back, for here everybody may.
namespace aviary::logs {
namespace {

constexpr std::size_t most_policies = 10;  ///< of an account in a region

/// An account's policy goes by its name, a resource's by its ARN; no name has a colon in it.
std::string policy_key(const Json& input) {
  const std::string& arn = text_of(input, "resourceArn");
  return arn.empty() ? text_of(input, "policyName") : arn;
}

Result<> check_revision(const Json& input, const Json* policy) {
  const std::string& expected = text_of(input, "expectedRevisionId");
  if (expected.empty() || (policy != nullptr && text_of(*policy, "revisionId") == expected)) return {};
  return AwsError(models::logs::errors::OperationAbortedException,
                  "The expected revision ID does not match the current revision ID of the resource policy.");
}

}  // namespace

Result<Reply> LogsService::put_resource_policy(Call& call) {
  const std::string& arn = text_of(call.input, "resourceArn");
  const std::string& name = text_of(call.input, "policyName");
  if (arn.empty() == name.empty())
    return invalid_parameter("Exactly one of policyName and resourceArn must be specified.");
  const std::string& document = text_of(call.input, "policyDocument");
  const Json policy = parse_bounded<Json>(document);
  if (policy.is_discarded() || !policy.is_object() || !policy.contains("Statement"))
    return invalid_parameter("Invalid PolicyDocument");
  if (!arn.empty() && !store_.find_group(scope_of(call), name_in(arn))) return group_not_found();
  const Scope scope = scope_of(call);
  const std::string key = policy_key(call.input);
  const Json* found = resource_policies_.find(scope, key);
  if (const Result<> checked = check_revision(call.input, found); !checked) return checked.error();
  if (found == nullptr && arn.empty()) {
    const auto& policies = resource_policies_.of(scope);
    const auto of_account = std::ranges::count_if(
        policies, [](const auto& each) { return each.second.value("policyScope", "") == "ACCOUNT"; });
    if (static_cast<std::size_t>(of_account) >= most_policies)
      return AwsError(models::logs::errors::LimitExceededException, "Resource limit exceeded.");
  }
  Json kept{{"policyDocument", document},
            {"lastUpdatedTime", to_millis(call.now)},
            {"policyScope", arn.empty() ? "ACCOUNT" : "RESOURCE"},
            {"revisionId", ids_.hex(32)}};
  if (arn.empty()) {
    kept["policyName"] = name;
  } else {
    kept["resourceArn"] = arn;
  }
  Reply reply;
  reply.output = {{"resourcePolicy", kept}, {"revisionId", kept["revisionId"]}};
  resource_policies_.put(scope, key, std::move(kept));
  return reply;
}

Result<Reply> LogsService::describe_resource_policies(Call& call) {
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();
  const std::string& arn = text_of(call.input, "resourceArn");
  const std::string& asked = text_of(call.input, "policyScope");
  const std::string wanted = !asked.empty() ? asked : arn.empty() ? "ACCOUNT" : "RESOURCE";
  const std::size_t size = page_size_of(call.input);
  Reply reply;
  Json& rows = reply.output["resourcePolicies"] = Json::array();
  std::string last;
  for (const auto& [key, policy] : resource_policies_.of(scope_of(call))) {
    if (*after && key <= **after) continue;
    if (text_of(policy, "policyScope") != wanted || (!arn.empty() && text_of(policy, "resourceArn") != arn))
      continue;
    if (rows.size() == size) {
      reply.output["nextToken"] = token_after(last);
      break;
    }
    rows.push_back(policy);
    last = key;
  }
  return reply;
}

Result<Reply> LogsService::delete_resource_policy(Call& call) {
  const std::string key = policy_key(call.input);
  const Json* found = resource_policies_.find(scope_of(call), key);
  if (found == nullptr) return not_found(fmt::format("Policy with name [{}] does not exist.", key));
  if (const Result<> checked = check_revision(call.input, found); !checked) return checked.error();
  resource_policies_.erase(scope_of(call), key);
  return Reply{};
}

}  // namespace aviary::logs
