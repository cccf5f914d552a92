#include "services/iam/core/policy_evaluation.hpp"

#include <fmt/format.h>

#include "services/iam/core/policy_conditions.hpp"
#include "services/iam/core/policy_pattern.hpp"

namespace aviary::iam {
namespace {

/// One value stands for a list of one, as everywhere in policies.
std::vector<std::string> listed(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (value.is_array())
    for (const Json& each : value)
      if (each.is_string()) texts.push_back(each.get<std::string>());
  return texts;
}

bool names_action(const Json& actions, const std::string& action) {
  return std::ranges::any_of(listed(actions), [&](const std::string& written) {
    const auto pattern = read_pattern(written, Variables::Literal, {});
    return pattern && pattern->matches(action, true);
  });
}

bool names_resource(const Json& resources, const AccessRequest& request, Variables variables) {
  return std::ranges::any_of(listed(resources), [&](const std::string& written) {
    const auto pattern = read_pattern(written, variables, request.context);
    return pattern && matches_arn(*pattern, request.resource, true);
  });
}

/// All of a statement but whom it is for.
bool is_about(const Json& statement, const AccessRequest& request, Variables variables) {
  if (const auto actions = statement.find("Action"); actions != statement.end()) {
    if (!names_action(*actions, request.action)) return false;
  } else if (const auto others = statement.find("NotAction"); others != statement.end()) {
    if (names_action(*others, request.action)) return false;
  } else {
    return false;
  }
  // A role's trust policy names no resource: it is the role's own.
  if (const auto resources = statement.find("Resource"); resources != statement.end()) {
    if (!names_resource(*resources, request, variables)) return false;
  } else if (const auto others = statement.find("NotResource"); others != statement.end()) {
    if (names_resource(*others, request, variables)) return false;
  } else if (!statement.contains("Principal") && !statement.contains("NotPrincipal")) {
    return false;
  }
  const auto conditions = statement.find("Condition");
  return conditions == statement.end() || meets_conditions(*conditions, request.context, variables);
}

bool has_effect(const Json& statement, const char* effect) {
  const auto said = statement.find("Effect");
  return said != statement.end() && *said == effect;
}

Variables variables_of(const Json& document) {
  const auto version = document.find("Version");
  return version != document.end() && *version == "2012-10-17" ? Variables::Replaced : Variables::Literal;
}

template <class Visit>
void each_statement(const Json& document, Visit visit) {
  if (!document.is_object()) return;
  const auto statements = document.find("Statement");
  if (statements == document.end()) return;
  if (statements->is_object()) visit(*statements);
  if (statements->is_array())
    for (const Json& statement : *statements)
      if (statement.is_object()) visit(statement);
}

/// `123456789012` and `arn:aws:iam::123456789012:root` are the account.
bool is_account_of(const std::string& written, const Principal& principal) {
  return !principal.account.empty() &&
         (written == principal.account || written == fmt::format("arn:aws:iam::{}:root", principal.account));
}

Grant grant_to(const std::string& written, const Principal& principal) {
  if (written == "*") return principal.kind == CallerKind::Session ? Grant::Role : Grant::Direct;
  if (is_account_of(written, principal))
    return principal.kind == CallerKind::Root ? Grant::Direct : Grant::Account;
  if (!principal.arn.empty() && written == principal.arn) return Grant::Direct;
  if (!principal.role_arn.empty() && written == principal.role_arn) return Grant::Role;
  return Grant::None;
}

Grant grant_of(const Json& principals, const Principal& principal) {
  Grant best = Grant::None;
  const auto take = [&](const Json& value) {
    for (const std::string& written : listed(value)) best = std::max(best, grant_to(written, principal));
  };
  if (principals.is_string()) take(principals);
  if (!principals.is_object()) return best;
  if (const auto aws = principals.find("AWS"); aws != principals.end()) take(*aws);
  if (const auto services = principals.find("Service");
      services != principals.end() && principal.kind == CallerKind::Service)
    for (const std::string& written : listed(*services))
      if (written == principal.arn || written == "*") best = Grant::Direct;
  return best;
}

Verdict denied(PolicyType by, bool explicitly) {
  return {.allowed = false, .explicitly = explicitly, .by = by};
}

Verdict allowed_by(PolicyType by) { return {.allowed = true, .explicitly = true, .by = by}; }

}  // namespace

Effect judge_documents(std::span<const Json> documents, const AccessRequest& request) {
  Effect effect = Effect::Silent;
  for (const Json& document : documents) {
    const Variables variables = variables_of(document);
    each_statement(document, [&](const Json& statement) {
      if (effect == Effect::Denies || !is_about(statement, request, variables)) return;
      if (has_effect(statement, "Deny")) effect = Effect::Denies;
      if (has_effect(statement, "Allow")) effect = Effect::Allows;
    });
  }
  return effect;
}

ResourceJudgement judge_resource_policy(const Json& document, const AccessRequest& request,
                                        const Principal& principal) {
  ResourceJudgement judgement;
  const Variables variables = variables_of(document);
  each_statement(document, [&](const Json& statement) {
    Grant grant = Grant::None;
    if (const auto principals = statement.find("Principal"); principals != statement.end()) {
      grant = grant_of(*principals, principal);
    } else if (const auto others = statement.find("NotPrincipal"); others != statement.end()) {
      grant = grant_of(*others, principal) == Grant::None ? Grant::Account : Grant::None;
    }
    if (grant == Grant::None || !is_about(statement, request, variables)) return;
    if (has_effect(statement, "Deny")) judgement.denies = true;
    if (has_effect(statement, "Allow")) judgement.grant = std::max(judgement.grant, grant);
  });
  return judgement;
}

Verdict evaluate(const PolicySet& policies, const AccessRequest& request, const Principal& principal) {
  const PolicyType of_resource = policies.resource_decides ? PolicyType::Trust : PolicyType::Resource;
  const auto of = [&](const std::optional<std::vector<Json>>& documents) {
    return documents ? judge_documents(*documents, request) : Effect::Allows;
  };
  const Effect identity = judge_documents(policies.identity, request);
  const Effect boundary = of(policies.boundary);
  const Effect session = of(policies.session);
  const ResourceJudgement resource =
      policies.resource ? judge_resource_policy(*policies.resource, request, principal) : ResourceJudgement{};
  // An explicit deny wins, wherever it is.
  if (identity == Effect::Denies) return denied(PolicyType::Identity, true);
  if (resource.denies) return denied(of_resource, true);
  if (boundary == Effect::Denies) return denied(PolicyType::Boundary, true);
  if (session == Effect::Denies) return denied(PolicyType::Session, true);

  if (principal.kind == CallerKind::Anonymous || principal.kind == CallerKind::Service)
    return resource.grant == Grant::Direct ? allowed_by(of_resource) : denied(of_resource, false);
  const bool let_in = resource.grant != Grant::None;
  if ((policies.resource_decides || policies.other_account) && !let_in) return denied(of_resource, false);
  if (!policies.other_account && resource.grant == Grant::Direct) return allowed_by(of_resource);
  const bool by_role = !policies.other_account && resource.grant == Grant::Role;
  if (identity != Effect::Allows && !by_role) return denied(PolicyType::Identity, false);
  if (boundary != Effect::Allows) return denied(PolicyType::Boundary, false);
  if (session != Effect::Allows) return denied(PolicyType::Session, false);
  return allowed_by(by_role ? of_resource : PolicyType::Identity);
}

std::string reason_of(const Verdict& verdict, const std::string& action) {
  struct Words {
    std::string_view one;   ///< with its article
    std::string_view none;  ///< without
  };
  static constexpr Words words[] = {{"an identity-based policy", "identity-based policy"},
                                    {"a resource-based policy", "resource-based policy"},
                                    {"a permissions boundary", "permissions boundary"},
                                    {"a session policy", "session policy"},
                                    {"the role trust policy", "role trust policy"}};
  const Words& said = words[static_cast<std::size_t>(verdict.by)];
  if (verdict.explicitly) return fmt::format("with an explicit deny in {}", said.one);
  return fmt::format("because no {} allows the {} action", said.none, action);
}

}  // namespace aviary::iam
