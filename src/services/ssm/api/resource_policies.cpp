#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "base/encoding.hpp"
#include "models/ssm.hpp"
#include "services/ssm/api/ssm_service.hpp"

/// Policies of parameters, which let other accounts read them by ARN. A parameter's are kept together, by its
/// ARN: `{Policies: [{PolicyId, PolicyHash, Policy}]}`.
namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

AwsError invalid_policy_parameter(std::string text) {
  return {errors::ResourcePolicyInvalidParameterException, std::move(text)};
}

bool is_any(const Json& value, const auto& test) {
  if (value.is_array()) return std::ranges::any_of(value, test);
  return test(value);
}

bool names_account(const Json& principal, const std::string& account) {
  const Json named = principal.is_object() ? principal.value("AWS", Json()) : principal;
  return is_any(named, [&](const Json& each) {
    return each == "*" || each == account || each == "arn:aws:iam::" + account + ":root";
  });
}

bool names_action(const Json& actions, const std::string& action) {
  return is_any(actions, [&](const Json& each) { return each == "*" || each == "ssm:*" || each == action; });
}

/// `arn:aws:ssm:us-east-1:123456789012:parameter/a/b`, without a version.
std::optional<Scope> scope_in(std::string_view arn) {
  constexpr std::string_view beginning = "arn:aws:ssm:";
  if (!arn.starts_with(beginning)) return std::nullopt;
  arn.remove_prefix(beginning.size());
  const std::size_t region_end = arn.find(':');
  const std::size_t account_end = arn.find(':', region_end + 1);
  if (region_end == std::string_view::npos || account_end == std::string_view::npos) return std::nullopt;
  return Scope{std::string(arn.substr(region_end + 1, account_end - region_end - 1)),
               std::string(arn.substr(0, region_end))};
}

}  // namespace

Scope SsmService::reading_scope(const Call& call, const std::string& name) {
  Scope own = scope_of(call);
  const std::optional<Scope> owner = scope_in(name);
  if (!owner || owner->account == own.account || owner->region != own.region) return own;
  const Parameter* parameter = parameters_.find(*owner, parse_reference(name, *owner));
  if (parameter == nullptr) return own;
  const Json* kept = resource_policies_.find(*owner, parameter_arn(parameter->scope, parameter->name));
  if (kept == nullptr) return own;
  const std::string action = "ssm:" + std::string(call.operation->name);
  for (const Json& row : kept->at("Policies"))
    for (const Json& statement : Json::parse(text_of(row, "Policy")).value("Statement", Json::array()))
      if (statement.value("Effect", Json()) == "Allow" &&
          names_account(statement.value("Principal", Json()), own.account) &&
          names_action(statement.value("Action", Json()), action))
        return *owner;
  return own;
}

Result<std::string> SsmService::policy_holder(const Call& call) {
  const Scope scope = scope_of(call);
  const std::string& arn = text_of(call.input, "ResourceArn");
  if (scope_in(arn) != scope || arn.find(":parameter/") == std::string::npos)
    return invalid_policy_parameter("The resource ARN is not one of a parameter of this account and Region.");
  const Parameter* parameter = parameters_.find(scope, parse_reference(arn, scope));
  if (parameter == nullptr)
    return AwsError(errors::ResourceNotFoundException,
                    "The specified parameter to be shared could not be found.");
  if (parameter->latest().tier != "Advanced")
    return invalid_policy_parameter("Only parameters of the advanced-parameter tier can be shared.");
  return parameter_arn(parameter->scope, parameter->name);
}

Result<Reply> SsmService::put_resource_policy(Call& call) {
  const Result<std::string> holder = policy_holder(call);
  if (!holder) return holder.error();
  const Scope scope = scope_of(call);
  const std::string& text = text_of(call.input, "Policy");
  const Json document = parse_bounded<Json>(text);
  const Json statements = document.is_object() ? document.value("Statement", Json()) : Json();
  if (!statements.is_array() ||
      !std::ranges::all_of(statements, [](const Json& each) { return each.is_object(); }))
    return AwsError(errors::MalformedResourcePolicyDocumentException,
                    "The specified policy document is malformed or invalid.");
  Json policies = Json::array();
  if (const Json* kept = resource_policies_.find(scope, *holder)) policies = kept->at("Policies");
  std::string id = text_of(call.input, "PolicyId");
  const std::string& hash = text_of(call.input, "PolicyHash");
  if (id.empty() != hash.empty())
    return invalid_policy_parameter("PolicyId and PolicyHash must be given together.");
  Json row{{"PolicyId", id.empty() ? ids_.uuid() : id},
           {"PolicyHash", hex_encode(sha256(text))},
           {"Policy", text}};
  if (id.empty()) {
    if (!policies.empty())
      return AwsError(errors::ResourcePolicyLimitExceededException,
                      "The PutResourcePolicy API action enforces a limit of one policy per resource.");
    policies.push_back(row);
  } else {
    const auto found =
        std::ranges::find_if(policies, [&](const Json& each) { return each.at("PolicyId") == id; });
    if (found == policies.end())
      return AwsError(errors::ResourcePolicyNotFoundException,
                      "No policies with the specified policy ID and hash could be found.");
    if (found->at("PolicyHash") != hash)
      return AwsError(errors::ResourcePolicyConflictException,
                      "The hash provided in the call doesn't match the stored hash.");
    *found = row;
  }
  resource_policies_.put(scope, *holder, {{"Policies", std::move(policies)}});
  Reply reply;
  reply.output = {{"PolicyId", row.at("PolicyId")}, {"PolicyHash", row.at("PolicyHash")}};
  return reply;
}

Result<Reply> SsmService::get_resource_policies(Call& call) {
  const Result<std::string> holder = policy_holder(call);
  if (!holder) return holder.error();
  const Json* kept = resource_policies_.find(scope_of(call), *holder);
  return page_of(call.input, kept != nullptr ? kept->at("Policies") : Json::array(), "Policies");
}

Result<Reply> SsmService::delete_resource_policy(Call& call) {
  const Result<std::string> holder = policy_holder(call);
  if (!holder) return holder.error();
  const Json* kept = resource_policies_.find(scope_of(call), *holder);
  const Json* row = kept != nullptr ? &kept->at("Policies").front() : nullptr;
  if (row == nullptr || text_of(*row, "PolicyId") != text_of(call.input, "PolicyId"))
    return AwsError(errors::ResourcePolicyNotFoundException,
                    "No policies with the specified policy ID and hash could be found.");
  if (text_of(*row, "PolicyHash") != text_of(call.input, "PolicyHash"))
    return AwsError(errors::ResourcePolicyConflictException,
                    "The hash provided in the call doesn't match the stored hash.");
  resource_policies_.erase(scope_of(call), *holder);
  return Reply{};
}

}  // namespace aviary::ssm
