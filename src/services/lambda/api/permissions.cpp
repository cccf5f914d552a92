#include <fmt/format.h>

#include <algorithm>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/errors.hpp"

namespace aviary::lambda {
namespace {

/// An AWS service, an account, an ARN of IAM or STS, or everybody; nothing if it is none of these.
std::optional<OrderedJson> function_principal_of(const std::string& text) {
  if (text == "*") return OrderedJson(text);
  if (text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") ||
      text.ends_with(".amazon.com")) {
    return OrderedJson{{"Service", text}};
  }
  if (text.size() == 12 && is_version_number(text)) {
    return OrderedJson{{"AWS", fmt::format("arn:aws:iam::{}:root", text)}};
  }
  if (text.starts_with("arn:") &&
      (text.find(":iam::") != std::string::npos || text.find(":sts::") != std::string::npos)) {
    return OrderedJson{{"AWS", text}};
  }
  return std::nullopt;
}

OrderedJson condition_of(const Json& input) {
  OrderedJson condition = OrderedJson::object();
  const auto equals = [&](const char* member, const char* key) {
    if (const std::string& value = text_of(input, member); !value.empty())
      condition["StringEquals"][key] = value;
  };
  equals("SourceAccount", "AWS:SourceAccount");
  equals("EventSourceToken", "lambda:EventSourceToken");
  equals("PrincipalOrgID", "aws:PrincipalOrgID");
  equals("FunctionUrlAuthType", "lambda:FunctionUrlAuthType");
  if (const Json* via_url = find_member(input, "InvokedViaFunctionUrl")) {
    condition["Bool"]["lambda:InvokedViaFunctionUrl"] = via_url->get<bool>() ? "true" : "false";
  }
  if (const std::string& arn = text_of(input, "SourceArn"); !arn.empty()) {
    condition["ArnLike"]["AWS:SourceArn"] = arn;
  }
  return condition;
}

/// Whether the qualifier exists; if not, how AWS says so.
Result<> check_qualifier(const FunctionStore& store, const Function& function, const Target& target) {
  if (target.qualifier.empty() || store.revision_of(function, target.qualifier)) return {};
  if (is_alias_name(target.qualifier))
    return alias_arn_not_found(target.scope, target.name, target.qualifier);
  return function_not_found(target.scope, target.name, target.qualifier);
}

}  // namespace

/// A caller of the function's own account needs no statement: what identity policies would say is not known
/// here, and is taken as allowed. A service needs one also there.
Result<> LambdaService::check_permission(const Scope& scope, const std::string& name,
                                         const std::string& qualifier, const Caller& caller) {
  if (!options_.enforce_permissions) return {};
  if (caller.url_auth_type != "NONE" && caller.service.empty() && caller.account == scope.account) return {};
  const std::string_view action =
      caller.url_auth_type.empty() ? "lambda:InvokeFunction" : "lambda:InvokeFunctionUrl";
  const Function* function = store_.find(scope, name, moment());
  if (function) {
    const auto policy = function->policies.find(qualifier);
    if (policy != function->policies.end() && policy_allows(policy->second, caller, action)) return {};
  }
  const std::string who =
      caller.service.empty() ? fmt::format("arn:aws:iam::{}:root", caller.account) : caller.service;
  return AwsError(models::lambda::errors::AccessDeniedException,
                  fmt::format("User: {} is not authorized to perform: {} on resource: {} because no "
                              "resource-based policy allows the {} action",
                              who, action, function_arn(scope, name, qualifier), action));
}

Result<Reply> LambdaService::add_permission(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  if (target->qualifier == latest_qualifier) {
    return invalid_parameter("We currently do not support adding policies for $LATEST.");
  }
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return function_not_found(target->scope, target->name);
  if (const Result<> exists = check_qualifier(store_, *function, *target); !exists) return exists.error();
  const std::optional<OrderedJson> principal = function_principal_of(text_of(call.input, "Principal"));
  if (!principal) {
    return invalid_parameter("The provided principal was invalid. Please check the principal and try again.");
  }
  OrderedJson statement;
  statement["Sid"] = text_of(call.input, "StatementId");
  statement["Effect"] = "Allow";
  statement["Principal"] = *principal;
  statement["Action"] = text_of(call.input, "Action");
  statement["Resource"] = function_arn(target->scope, target->name, target->qualifier);
  if (OrderedJson condition = condition_of(call.input); !condition.empty())
    statement["Condition"] = std::move(condition);
  Reply reply{.output = {{"Statement", statement.dump()}}};
  const Result<> added = store_.add_statement(*function, target->qualifier, std::move(statement),
                                              text_of(call.input, "RevisionId"), moment());
  if (!added) return added.error();
  return reply;
}

Result<Reply> LambdaService::remove_permission(Call& call) {
  const Result<Target> target = target_of(call, Reach::OwnAccount);
  if (!target) return target.error();
  Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return not_found("No policy found for: " + function_arn(target->scope, target->name));
  if (const Result<> exists = check_qualifier(store_, *function, *target); !exists) return exists.error();
  const Result<> removed =
      store_.remove_statement(*function, target->qualifier, text_of(call.input, "StatementId"),
                              text_of(call.input, "RevisionId"), moment());
  if (!removed) return removed.error();
  return Reply{};
}

Result<Reply> LambdaService::get_policy(Call& call) {
  const Result<Target> target = target_of(call);
  if (!target) return target.error();
  const Function* function = store_.find(target->scope, target->name, moment());
  if (!function) return resource_does_not_exist();
  const auto policy = function->policies.find(target->qualifier);
  const std::string* revision = store_.revision_of(*function, target->qualifier);
  if (policy == function->policies.end() || !revision) return resource_does_not_exist();
  OrderedJson document;
  document["Version"] = "2012-10-17";
  document["Id"] = "default";
  document["Statement"] = policy->second.statements;
  return Reply{.output = {{"Policy", document.dump()}, {"RevisionId", *revision}}};
}

}  // namespace aviary::lambda
