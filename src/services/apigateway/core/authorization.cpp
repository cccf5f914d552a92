#include "services/apigateway/core/authorization.hpp"

#include <algorithm>

#include "base/wildcard.hpp"

namespace aviary::apigateway {
namespace {

bool any_matches(const OrderedJson& patterns, std::string_view text) {
  if (patterns.is_string()) return matches_wildcard(patterns.get_ref<const std::string&>(), text);
  return patterns.is_array() && std::ranges::any_of(patterns, [&](const OrderedJson& each) {
           return each.is_string() && matches_wildcard(each.get_ref<const std::string&>(), text);
         });
}

bool applies(const OrderedJson& statement, std::string_view arn) {
  if (!statement.is_object()) return false;
  const auto action = statement.find("Action");
  const auto resource = statement.find("Resource");
  return action != statement.end() && any_matches(*action, "execute-api:Invoke") &&
         resource != statement.end() && any_matches(*resource, arn);
}

}  // namespace

Judgement judge_simple(const OrderedJson& answer) {
  const auto allowed = answer.find("isAuthorized");
  if (allowed == answer.end() || !allowed->is_boolean()) return {};
  Judgement judgement{.verdict = allowed->get<bool>() ? Verdict::Allowed : Verdict::NotAllowed};
  if (const auto context = answer.find("context"); context != answer.end() && context->is_object())
    judgement.context = *context;
  return judgement;
}

Judgement judge_policy(const OrderedJson& answer, std::string_view arn) {
  const auto policy = answer.find("policyDocument");
  if (policy == answer.end() || !policy->is_object() || !policy->contains("Statement")) return {};
  Judgement judgement{.verdict = Verdict::NotAllowed};
  if (const auto principal = answer.find("principalId"); principal != answer.end() && principal->is_string())
    judgement.principal = principal->get<std::string>();
  if (const auto context = answer.find("context"); context != answer.end() && context->is_object())
    judgement.context = *context;
  const OrderedJson& given = (*policy)["Statement"];
  const OrderedJson statements = given.is_array() ? given : OrderedJson::array({given});
  for (const OrderedJson& statement : statements) {
    if (!applies(statement, arn)) continue;
    const auto effect = statement.find("Effect");
    if (effect == statement.end()) continue;
    if (*effect == "Deny") {
      judgement.verdict = Verdict::Denied;
      return judgement;
    }
    if (*effect == "Allow") judgement.verdict = Verdict::Allowed;
  }
  return judgement;
}

}  // namespace aviary::apigateway
