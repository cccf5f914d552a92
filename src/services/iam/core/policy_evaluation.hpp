#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "services/iam/core/access_request.hpp"

/// May this principal do that: AWS's policy evaluation logic, as a function of documents.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
namespace aviary::iam {

enum class CallerKind : std::uint8_t { Anonymous, Root, User, Session, Service };

/// Who asks.
struct Principal {
  CallerKind kind = CallerKind::Anonymous;
  std::string account{};
  std::string arn{};       ///< `…:user/alice`, `arn:aws:sts::…:assumed-role/r/session`
  std::string role_arn{};  ///< of the role that a session is of
};

/// What a set of documents of one kind says together.
enum class Effect : std::uint8_t { Silent, Allows, Denies };

/// Of identity policies, boundaries and session policies: statements without a principal.
Effect judge_documents(std::span<const Json> documents, const AccessRequest& request);

/// How far a resource's policy lets somebody in. Within one account what is said to the account as a whole
/// leaves the word to the account's own policies, and what is said to a role is held by boundaries and
/// session policies; what is said to a user or a session is the last word.
enum class Grant : std::uint8_t { None, Account, Role, Direct };
struct ResourceJudgement {
  bool denies = false;
  Grant grant = Grant::None;
};
ResourceJudgement judge_resource_policy(const Json& document, const AccessRequest& request,
                                        const Principal& principal);

/// Every policy that speaks in a request.
struct PolicySet {
  std::vector<Json> identity{};                 ///< inline and attached, of the principal and its groups
  std::optional<std::vector<Json>> boundary{};  ///< set: what is not in it is not allowed
  std::optional<std::vector<Json>> session{};   ///< likewise
  std::optional<Json> resource{};
  bool resource_decides = false;  ///< a role's trust policy: nobody gets in without it
  bool other_account = false;     ///< the resource is another account's: both sides have to agree
};

enum class PolicyType : std::uint8_t { Identity, Resource, Boundary, Session, Trust };

struct Verdict {
  bool allowed = false;
  bool explicitly = false;  ///< denied by a statement, not for want of one
  PolicyType by = PolicyType::Identity;
};
Verdict evaluate(const PolicySet& policies, const AccessRequest& request, const Principal& principal);

/// `because no identity-based policy allows the s3:GetObject action`, `with an explicit deny in …`: as
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html words it.
std::string reason_of(const Verdict& verdict, const std::string& action);

}  // namespace aviary::iam
