#pragma once

#include <string>

#include "services/cloudformation/core/sam_function.hpp"

/// AWS::Serverless::Api and AWS::Serverless::HttpApi, explicit ones and those that events make: both are an
/// OpenAPI document that grows event by event.
namespace aviary::cloudformation {

inline constexpr const char* implicit_rest_api = "ServerlessRestApi";
inline constexpr const char* implicit_http_api = "ServerlessHttpApi";
inline constexpr const char* any_method_key = "x-amazon-apigateway-any-method";
inline constexpr const char* integration_key = "x-amazon-apigateway-integration";

/// The member, or null.
Json sam_member(const Json& value, const char* name);
/// Whether a value counts as there: as Python's truth of it.
bool sam_truth(const Json& value);
/// `/items/{id}` → `/items/*`, without a slash at the end.
std::string path_with_stars(std::string path);
/// What runs the function, for an integration.
Json integration_uri(const SamTarget& target, const char* partition);
/// The permission for an API to run the function.
Json api_permission(const Json& function, const char* partition, const std::string& resource,
                    const Json& parameters);
/// Paths of `x-amazon-apigateway-any-method` or a verb in small letters.
std::string method_key(std::string method);
/// Condition, DeletionPolicy and the like of a resource that was made of another.
void pass_on_attributes(const Json& resource, Json& made);
/// The permission, under the function's condition.
Json conditional_permission(const SamTarget& target, Json permission);
/// Operations of functions under a condition are there only with their functions; so are paths that have no
/// others, and an API that events have made.
void apply_conditions(SamDraft& draft, const std::string& id, const char* implicit_id, SamApi& api);
/// Letters and digits only, as Python's isalnum; not of an empty text.
bool is_alphanumeric(const std::string& text);

// sam_domains.cpp
void add_api_domain(SamDraft& draft, const std::string& name, const SamApi& api);

// sam_rest_auth.cpp: security of documents that are Swagger, or will be.
void add_method_security(Json& body, Json& operation, const Json& auth, const Json& api_auth);
/// Authorizers, the default one, API keys: what an API's Auth says of all its methods.
void add_api_security(SamDraft& draft, const std::string& api, const Json& auth, Json& body);
/// The permissions of its authorizers' functions.
void add_authorizer_permissions(SamDraft& draft, const std::string& api, const SamApi& given);

}  // namespace aviary::cloudformation
