#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "execution/options.hpp"
#include "gateway/authorizer.hpp"
#include "gateway/signature.hpp"
#include "services/iam/core/action_map.hpp"
#include "services/iam/core/directory.hpp"
#include "services/iam/core/policy_evaluation.hpp"
#include "services/lambda/core/version.hpp"
#include "services/sts/core/sessions.hpp"

namespace aviary::app {

struct Parts;

/// `--enforce-iam`: finds whose keys a request is signed with, and asks the policies. What the emulator's
/// parts ask of each other does not come by here. See docs/decisions/0012-who-is-root.md.
class IamGate final : public Authorizer {
 public:
  IamGate(Parts& parts, iam::Directory& directory, sts::Sessions& sessions);

  Result<CallerIdentity> identify(const wire::Request& request) override;
  Task<Result<>> authorize(const models::Service& service, const Call& call) override;

  /// Whether the one who signed a request to what is no AWS operation may do that: a function's URL, an API.
  /// `request` outlives the answer.
  Task<Result<>> may(const wire::Request& request, std::string action, std::string resource,
                     iam::ContextKeys keys = {});
  /// What a version's environments sign with: one key for each function and role.
  execution::FunctionKeys function_keys(const lambda::Version& version);

 private:
  /// An access key that somebody was given, and whose it is.
  struct Known {
    iam::Principal principal{};
    std::string id{};    ///< of the user, or of the session
    std::string kind{};  ///< in the directory: `user`, `role`
    std::string name{};  ///< there
    std::string secret{};
    std::string token{};  ///< empty: not a temporary key
    double expires = 0;   ///< 0: never
    std::optional<sts::Session> session{};
  };

  std::optional<Known> find_key(std::string_view access_key_id) const;
  std::optional<Known> find_user_key(std::string_view access_key_id) const;
  Result<> verify(const wire::Request& request, const std::string& access_key_id, const Known& known) const;
  iam::PolicySet policies_of(const Known& known);
  iam::ContextKeys context_of(const Known& known, const wire::Request& request, const std::string& region);
  const Json* role_named(const std::string& arn);
  Task<Json> resource_policy(std::string account, std::string region, std::string action,
                             std::string resource);
  Task<std::string> whole_name(const models::Service& service, const Call& call, std::string resource);
  /// S3's resource, as the access point's where a request names one in a bucket's place.
  std::string access_point_resource(const std::string& resource, const std::string& region) const;
  /// Whether the bucket behind an access point lets through what the access point has let in.
  Task<bool> bucket_lets_through(const Call& call, const Known& known, iam::AccessRequest asked);

  Parts& parts_;
  iam::Directory& directory_;
  sts::Sessions& sessions_;
  AccessKeys root_keys_;
  std::map<std::string, sts::Session, std::less<>> function_sessions_;
  std::map<std::string, std::string, std::less<>> function_key_ids_;  ///< by function and role
  std::set<std::string, std::less<>> warned_;                         ///< of what policies are not known
};

}  // namespace aviary::app
