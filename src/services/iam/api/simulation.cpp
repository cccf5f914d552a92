#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"
#include "services/iam/core/policy_evaluation.hpp"
#include "services/iam/core/principal_policies.hpp"

/// The policy simulator: what the evaluation says without anybody asking for anything.
namespace aviary::iam {
namespace {

std::vector<std::string> texts_in(const Json& input, const char* member) {
  return input.value(member, std::vector<std::string>());
}

Result<> append_documents(const Json& input, const char* member, std::vector<Json>& documents) {
  for (const std::string& text : texts_in(input, member)) {
    if (const Result<> valid = check_policy_document(text); !valid)
      return AwsError(models::iam::errors::InvalidInputException, valid.error().message);
    documents.push_back(Json::parse(text));
  }
  return {};
}

ContextKeys context_entries(const Json& input) {
  ContextKeys keys;
  for (const Json& entry : input.value("ContextEntries", Json::array()))
    keys[iam_text(entry, "ContextKeyName")] = texts_in(entry, "ContextKeyValues");
  return keys;
}

Principal simulated_principal(const std::string& arn, const std::string& account) {
  return {.kind = arn.find(":user/") != std::string::npos ? CallerKind::User
                  : arn.ends_with(":root")                ? CallerKind::Root
                                                          : CallerKind::Session,
          .account = account,
          .arn = arn,
          .role_arn = arn.find(":role/") != std::string::npos ? arn : std::string()};
}

/// One row for each action on each resource, a page of them.
Result<Reply> simulate(const Call& call, PolicySet policies, const Principal& principal) {
  if (const Result<> read = append_documents(call.input, "PolicyInputList", policies.identity); !read)
    return read.error();
  if (call.input.contains("PermissionsBoundaryPolicyInputList")) {
    policies.boundary.emplace();
    if (const Result<> read =
            append_documents(call.input, "PermissionsBoundaryPolicyInputList", *policies.boundary);
        !read)
      return read.error();
  }
  if (const std::string text = iam_text(call.input, "ResourcePolicy"); !text.empty()) {
    if (const Result<> valid = check_policy_document(text); !valid)
      return AwsError(models::iam::errors::InvalidInputException, valid.error().message);
    policies.resource = Json::parse(text);
  }
  std::vector<std::string> resources = texts_in(call.input, "ResourceArns");
  if (resources.empty()) resources.emplace_back("*");
  const std::size_t limit = call.input.value("MaxItems", std::size_t{100});
  const std::string marker = iam_text(call.input, "Marker");
  std::size_t skipped = 0;
  if (!marker.empty()) {
    if (marker.size() > 9 || marker.find_first_not_of("0123456789") != std::string::npos)
      return AwsError(models::iam::errors::InvalidInputException, "Invalid Marker.");
    skipped = std::stoul(marker);
  }
  Reply reply;
  reply.output = {{"EvaluationResults", Json::array()}, {"IsTruncated", false}};
  Json& rows = reply.output["EvaluationResults"];
  std::size_t at = 0;
  for (const std::string& action : texts_in(call.input, "ActionNames")) {
    for (const std::string& resource : resources) {
      if (at++ < skipped) continue;
      if (rows.size() == limit) {
        reply.output["IsTruncated"] = true;
        reply.output["Marker"] = std::to_string(at - 1);
        return reply;
      }
      const AccessRequest asked{
          .action = action, .resource = resource, .context = context_entries(call.input)};
      const Verdict verdict = evaluate(policies, asked, principal);
      rows.push_back({{"EvalActionName", action},
                      {"EvalResourceName", resource},
                      {"EvalDecision", verdict.allowed      ? "allowed"
                                       : verdict.explicitly ? "explicitDeny"
                                                            : "implicitDeny"},
                      {"MatchedStatements", Json::array()},
                      {"MissingContextValues", Json::array()}});
    }
  }
  return reply;
}

}  // namespace

Result<Reply> IamService::simulate_custom_policy(Call& call) {
  const std::string caller = iam_text(call.input, "CallerArn");
  return simulate(call, {}, simulated_principal(caller, call.account));
}

Result<Reply> IamService::simulate_principal_policy(Call& call) {
  const std::string source = iam_text(call.input, "PolicySourceArn");
  for (const char* kind : {"user", "group", "role"}) {
    if (source.find(fmt::format(":{}/", kind)) == std::string::npos) continue;
    const std::string name = source.substr(source.rfind('/') + 1);
    const Json* entity = directory_.find(call.account, kind, name);
    if (entity == nullptr || entity->value("Arn", std::string()) != source) break;
    PolicySet policies;
    policies.identity = identity_policies(directory_, call.account, kind, name);
    policies.boundary = boundary_of(directory_, call.account, kind, name);
    const std::string caller = call.input.value("CallerArn", source);
    return simulate(call, std::move(policies), simulated_principal(caller, call.account));
  }
  return no_such_entity(fmt::format("{} cannot be found.", source));
}

}  // namespace aviary::iam
