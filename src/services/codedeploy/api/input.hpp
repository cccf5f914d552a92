#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "services/codedeploy/core/applications.hpp"
#include "services/codedeploy/core/scope.hpp"

/// Reading a document, and writing what many answers have. The model's constraints on names and enums are the
/// service's own to check: it has an error for each.
namespace aviary::codedeploy {

inline Scope scope_of(const Call& call) { return {.account = call.account, .region = call.region}; }

// Names: …RequiredException if there is none, Invalid…NameException if it cannot be one.
Result<> check_application_name(const std::string& name);
Result<> check_group_name(const std::string& name);
Result<> check_config_name(const std::string& name);
/// DeploymentIdRequiredException, InvalidDeploymentIdException
Result<> check_deployment_id(const std::string& id);
/// BatchLimitExceededException beyond 100.
Result<> check_batch(const std::vector<std::string>& names);

/// `Tags` as documents have them, checked: InvalidTagsToAddException.
Result<Tags> tags_of(const Json* list, const Tags& before = {});
Json render_tags(const Tags& tags);

/// One page of names or ids, 100 at most. `sorted`: in order of names, so that a page can go on after one
/// that is gone meanwhile. InvalidNextTokenException for a token that no page gave.
Result<Reply> page_of(const std::vector<std::string>& all, const std::string& token, const char* member,
                      bool sorted);

}  // namespace aviary::codedeploy
