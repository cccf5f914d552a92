#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

/// What a Lambda authorizer's answer means.
namespace aviary::apigateway {

enum class Verdict { Allowed, Denied, NotAllowed, Unreadable };

struct Judgement {
  Verdict verdict = Verdict::Unreadable;
  std::string principal{};
  OrderedJson context = OrderedJson::object();
};

/// `{"isAuthorized": true, "context": {…}}`
Judgement judge_simple(const OrderedJson& answer);
/// `{"principalId", "policyDocument", "context"}`: what the policy says of `execute-api:Invoke` on `arn`.
Judgement judge_policy(const OrderedJson& answer, std::string_view arn);

}  // namespace aviary::apigateway
