#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "models/iam.hpp"
#include "services/iam/core/policy_grammar.hpp"

/// What the operations of roles, users and groups have in common, and reading a document.
namespace aviary::iam {

struct PrincipalKind {
  const char* kind;       ///< in the directory
  const char* entity;     ///< `Role`
  const char* list;       ///< `Roles`
  const char* name;       ///< `RoleName`
  const char* id;         ///< `RoleId`
  std::string_view mark;  ///< how ids begin
};

inline const PrincipalKind& kind_of(std::string_view operation) {
  static constexpr PrincipalKind role{"role", "Role", "Roles", "RoleName", "RoleId", "AROA"};
  static constexpr PrincipalKind user{"user", "User", "Users", "UserName", "UserId", "AIDA"};
  static constexpr PrincipalKind group{"group", "Group", "Groups", "GroupName", "GroupId", "AGPA"};
  // `AddUserToGroup` is about the group.
  if (operation.find("Group") != std::string_view::npos) return group;
  return operation.find("User") != std::string_view::npos ||
                 operation.find("AccessKey") != std::string_view::npos
             ? user
             : role;
}

inline std::string iam_text(const Json& input, const char* name) { return input.value(name, std::string()); }

inline AwsError no_such_entity(std::string text) {
  return {models::iam::errors::NoSuchEntityException, std::move(text)};
}

inline AwsError no_such_policy(std::string_view arn) {
  return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", arn));
}

/// `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`: AWS's own, all of which are there.
inline bool is_aws_managed(std::string_view arn) {
  return arn.find(":iam::aws:policy/") != std::string_view::npos;
}

/// A document that is none is refused as IAM does it.
inline Result<> check_policy_document(const std::string& text) {
  const Json document = parse_bounded<Json>(text);
  if (document.is_discarded() || !document.is_object())
    return AwsError(models::iam::errors::MalformedPolicyDocumentException, "Syntax errors in policy.");
  if (std::string problem = policy_problem(document); !problem.empty())
    return AwsError(models::iam::errors::MalformedPolicyDocumentException, std::move(problem));
  return {};
}

/// What IAM sends of a document: percent-encoded, as RFC 3986 has it.
std::string encoded_document(const std::string& text);
/// A tag replaces the one of its key.
void merge_tags(Json& entity, const Json& tags);
void remove_tags(Json& entity, const Json& keys);
/// Without what is only kept.
Json sent(const Json& entity);

}  // namespace aviary::iam
