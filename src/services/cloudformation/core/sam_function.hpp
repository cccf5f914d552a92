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

/// One API on its way: what the template says of it, and the OpenAPI document that events add to.
struct SamApi {
  Json resource = Json::object();    ///< as written; of an API that events make, nothing
  Json properties = Json::object();  ///< with the Globals
  Json body = Json::object();
  bool managed = false;  ///< events write into the document
  bool http = false;
  /// What runs an event's function, and the permission for it: one for the default route is enough.
  std::vector<std::pair<Json, std::string>> permissions{};
  /// Condition of the function that an event gave an operation to, by path and method; empty: none.
  std::map<std::string, std::map<std::string, std::string>> conditions{};
};

/// The transform's state: the template that grows, and what was found wrong.
struct SamDraft {
  Json resources = Json::object();   ///< those that come out
  Json parameters = Json::object();  ///< values by name
  Json outputs_rewritten = Json::object();
  Json conditions = Json::object();  ///< those that come beside the template's own
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

  /// By logical id.
  std::map<std::string, SamApi> rest_apis;
  std::map<std::string, SamApi> http_apis;
  Json api_globals = Json::object();
  Json http_globals = Json::object();

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
/// One event of type Api: the same of a REST API.
void expand_rest_api_event(SamDraft& draft, const SamTarget& target, const std::string& name,
                           const Json& properties);
/// With the document that it starts with.
SamApi begin_http_api(SamApi api);
SamApi begin_rest_api(SamApi api);
/// After all events: the APIs, their deployments and stages.
void expand_http_apis(SamDraft& draft);
void expand_rest_apis(SamDraft& draft);
/// What connectors permit, after everything else is there; `given`: the template's own resources.
void expand_connectors(SamDraft& draft, const Json& given);
/// The CodeDeploy application, its role, and a group a function.
void expand_preferences(SamDraft& draft);
/// The update policy of the alias.
Json update_policy_of(const std::string& function, const Json& preference);

}  // namespace aviary::cloudformation
