#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"

/// Inside of the SAM transform.
namespace aviary::cloudformation {

/// What is wrong with a template: thrown nowhere, collected, and told in SAM's words at the end.
struct SamProblem {
  std::string resource;
  std::string text;
};

/// The transform's state: the template that grows, and what was found wrong.
struct SamDraft {
  Json resources = Json::object();   ///< those that come out
  Json parameters = Json::object();  ///< values by name
  Json outputs_rewritten = Json::object();
  std::vector<SamProblem> problems;
  /// Functions whose aliases are moved by CodeDeploy, with the preference and the condition.
  struct Preference {
    std::string function;
    Json preference;
    std::string condition;
    bool conditional = false;
  };
  std::vector<Preference> preferences;
  /// `Fn.Version` → logical id.
  std::map<std::string, std::string> referable;
  /// `L` → `Leea645c1c7`: layers that are called by their content.
  std::map<std::string, std::string> renamed;

  /// Of the API that SAM makes for HttpApi events: OpenAPI paths.
  Json http_paths = Json::object();

  void refuse(std::string resource, std::string text) {
    problems.push_back({std::move(resource), std::move(text)});
  }
};

/// A logical id with ten digits of its content: `prefix` + SHA-1 of compact, sorted JSON.
std::string sam_id(const std::string& prefix, const Json& data);
std::string sam_hash(const Json& data);
/// `Ref` and `Fn::Sub` of parameters replaced by their values, everything else as it is.
Json with_parameters(const Json& value, const Json& parameters);
Json sam_ref(const std::string& name);
Json sam_att(const std::string& name, const char* attribute);
Json sam_tags(const Json& tags, const char* creator);

/// One AWS::Serverless::Function: the function, its role, version, alias, URL, invoke configuration, events.
void expand_function(SamDraft& draft, const std::string& name, const Json& resource);
/// Everything that one function's Events ask for. `target`: what is invoked (the alias, or the function);
/// `role`: the role that is made for the function, or null; `template_resources`: of the whole template,
/// where buckets get their notifications.
struct SamTarget {
  std::string function;
  std::string invoked;  ///< logical id
  Json* role_policies;  ///< ManagedPolicyArns; null: the function has a role of its own
  Json* role_inline;
  std::string condition;
};
void expand_events(SamDraft& draft, const SamTarget& target, const Json& events);
/// One event of type HttpApi: an operation of the API, and the permission to run the function.
void expand_http_api_event(SamDraft& draft, const SamTarget& target, const std::string& name,
                           const Json& properties);
/// The API of those events, and its stage.
void expand_http_api(SamDraft& draft);
/// The CodeDeploy application, its role, and a group a function.
void expand_preferences(SamDraft& draft);
/// The update policy of the alias.
Json update_policy_of(const std::string& function, const Json& preference);

}  // namespace aviary::cloudformation
