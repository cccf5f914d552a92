#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// REST APIs themselves, their tags, and what the account has.
namespace aviary::apigateway {
namespace {

constexpr PatchRule api_rules[] = {{"/name"},
                                   {"/description"},
                                   {"/version"},
                                   {"/policy"},
                                   {"/apiKeySource"},
                                   {"/securityPolicy"},
                                   {"/endpointAccessMode"},
                                   {"/disableExecuteApiEndpoint", PatchKind::Flag},
                                   {"/minimumCompressionSize", PatchKind::Integer},
                                   {"/binaryMediaTypes/*", PatchKind::List},
                                   {"/endpointConfiguration/types/*", PatchKind::List},
                                   {"/endpointConfiguration/ipAddressType"},
                                   {"/endpointConfiguration/vpcEndpointIds/*", PatchKind::List}};

Result<> check_rest_api(const Json& api) {
  if (text_of(api, "name").empty()) return rest_bad_request("Invalid name specified");
  if (const Json* size = find_member(api, "minimumCompressionSize"))
    if (*size < 0 || *size > 10'485'760)
      return rest_bad_request("Invalid minimum compression size, must be between 0 and 10485760");
  const std::string& source = text_of(api, "apiKeySource");
  if (source != "HEADER" && source != "AUTHORIZER")
    return rest_bad_request("Invalid API key source specified. Valid options are HEADER, AUTHORIZER");
  const Json endpoints = api.value("endpointConfiguration", Json::object());
  for (const std::string& type : texts_of(endpoints, "types"))
    if (type != "EDGE" && type != "REGIONAL" && type != "PRIVATE")
      return rest_bad_request("Invalid endpoint types specified. Valid options are EDGE, PRIVATE, REGIONAL");
  return {};
}

/// `{"name": …}` of what arrived, without what is not the API's own.
void remember_api(const Json& input, Json& api) {
  for (const auto& [name, value] : input.items())
    if (name != "cloneFrom" && name != "restApiId" && !value.is_null()) api[name] = value;
}

}  // namespace

Json RestApiService::new_api(const Call& call) {
  return {{"id", new_id(ids_, 10)},
          {"rootResourceId", new_id(ids_, 10)},
          {"createdDate", rest_seconds(call)},
          {"apiKeySource", "HEADER"},
          {"disableExecuteApiEndpoint", false},
          {"endpointConfiguration", {{"types", Json::array({"EDGE"})}, {"ipAddressType", "ipv4"}}},
          {"tags", Json::object()},
          {"_account", call.account},
          {"_region", call.region}};
}

void RestApiService::put_default_models(const std::string& api) {
  for (
      const auto& [name, description, schema] :
      {std::tuple{
           "Empty", "This is a default empty schema model",
           R"({"$schema": "http://json-schema.org/draft-04/schema#", "title": "Empty Schema", "type": "object"})"},
       std::tuple{
           "Error", "This is a default error schema model",
           R"({"$schema": "http://json-schema.org/draft-04/schema#", "title": "Error Schema", "type": "object", "properties": {"message": {"type": "string"}}})"}})
    save_member(api, "models", name,
                {{"id", new_id(ids_, 6)},
                 {"name", name},
                 {"description", description},
                 {"schema", schema},
                 {"contentType", "application/json"}});
}

Result<Reply> RestApiService::create_api(Call& call) {
  if (!text_of(call.input, "cloneFrom").empty()) return rest_not_there("cloning");
  Json api = new_api(call);
  remember_api(call.input, api);
  if (find_member(api["endpointConfiguration"], "types") == nullptr)
    api["endpointConfiguration"]["types"] = Json::array({"EDGE"});
  if (const Result<> fine = check_rest_api(api); !fine) return fine.error();
  const std::string id = text_of(api, "id");
  const std::string root = text_of(api, "rootResourceId");
  entities_.put(api_key(id), api);
  save_member(id, "resources", root, {{"id", root}, {"path", "/"}});
  put_default_models(id);
  return Reply{.output = rest_sent(api)};
}

Result<Reply> RestApiService::get_api(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  return Reply{.output = rest_sent(*api)};
}

Result<Reply> RestApiService::get_apis(Call& call) {
  Json items = Json::array();
  for (const auto& [key, api] : entities_.below("apis/"))
    if (text_of(*api, "_account") == call.account && text_of(*api, "_region") == call.region)
      items.push_back(rest_sent(*api));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_api(Call& call) {
  Result<Json> api = api_of(call);
  if (!api) return api.error();
  Result<Json> changed = rest_patched(call, std::move(*api), api_rules);
  if (!changed) return changed.error();
  if (const Result<> fine = check_rest_api(*changed); !fine) return fine.error();
  entities_.put(api_key(text_of(*changed, "id")), *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_api(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  const std::string id = text_of(*api, "id");
  if (domains_.is_mapped(id))
    return rest_bad_request(fmt::format(
        "Deleting API {} failed. Please remove all base path mappings related to the API in your domains",
        id));
  entities_.erase_below("in/" + id + '/');
  entities_.erase(api_key(id));
  return Reply{};
}

Result<Reply> RestApiService::get_account(Call& call) {
  Json account{{"throttleSettings", {{"burstLimit", 5000}, {"rateLimit", 10000.0}}},
               {"features", Json::array({"UsagePlans"})},
               {"apiKeyVersion", "4"}};
  if (const Json* kept = entities_.find(rest_account_folder(call, "account"))) account.update(*kept);
  return Reply{.output = std::move(account)};
}

Result<Reply> RestApiService::update_account(Call& call) {
  static constexpr PatchRule rules[] = {{"/cloudwatchRoleArn"}};
  const std::string key = rest_account_folder(call, "account");
  const Json* kept = entities_.find(key);
  Result<Json> changed = rest_patched(call, kept != nullptr ? *kept : Json::object(), rules);
  if (!changed) return changed.error();
  const std::string& role = text_of(*changed, "cloudwatchRoleArn");
  if (role.empty()) changed->erase("cloudwatchRoleArn");
  if (!role.empty() && !role.starts_with("arn:"))
    return rest_bad_request(fmt::format("Invalid ARN specified: {}", role));
  entities_.put(key, std::move(*changed));
  return get_account(call);
}

/// The key of what `arn:aws:apigateway:REGION::/restapis/ID[/stages/NAME]`, `/apikeys/ID`, `/usageplans/ID`,
/// `/vpclinks/ID` or `/clientcertificates/ID` names; empty if there is none.
std::string RestApiService::key_in_arn(const std::string& arn) const {
  const std::size_t mark = arn.find("::/");
  if (mark == std::string::npos) return {};
  const std::string path = arn.substr(mark + 3);
  const std::size_t slash = path.find('/');
  const std::string kind = path.substr(0, slash);
  const std::string rest = slash == std::string::npos ? std::string() : path.substr(slash + 1);
  if (kind == "restapis") {
    const std::size_t stage = rest.find("/stages/");
    std::string key = stage == std::string::npos
                          ? api_key(rest)
                          : member_key(rest.substr(0, stage), "stages", rest.substr(stage + 8));
    return entities_.find(key) ? key : std::string();
  }
  for (const auto& [name, folder] :
       {std::pair{"apikeys", "keys/"}, std::pair{"usageplans", "plans/"}, std::pair{"vpclinks", "vpc-links/"},
        std::pair{"clientcertificates", "certificates/"}})
    if (kind == name)
      for (const auto& [key, document] : entities_.below(folder))
        if (key.ends_with("/" + rest)) return std::string(key);
  return {};
}

Result<Reply> RestApiService::get_tags(Call& call) {
  if (const Json* record = domains_.in_arn(text_of(call.input, "resourceArn")))
    return Reply{.output = {{"tags", record->value("tags", Json::object())}}};
  const std::string key = key_in_arn(text_of(call.input, "resourceArn"));
  if (key.empty()) return rest_not_found("Invalid resource identifier specified");
  return Reply{.output = {{"tags", entities_.find(key)->value("tags", Json::object())}}};
}

Result<Reply> RestApiService::tag(Call& call) {
  if (domains_.retag(text_of(call.input, "resourceArn"), call.input["tags"], {})) return Reply{};
  const std::string key = key_in_arn(text_of(call.input, "resourceArn"));
  if (key.empty()) return rest_not_found("Invalid resource identifier specified");
  Json document = *entities_.find(key);
  for (const auto& [name, value] : call.input["tags"].items()) document["tags"][name] = value;
  entities_.put(key, std::move(document));
  return Reply{};
}

Result<Reply> RestApiService::untag(Call& call) {
  if (domains_.retag(text_of(call.input, "resourceArn"), Json::object(), texts_of(call.input, "tagKeys")))
    return Reply{};
  const std::string key = key_in_arn(text_of(call.input, "resourceArn"));
  if (key.empty()) return rest_not_found("Invalid resource identifier specified");
  Json document = *entities_.find(key);
  if (document.contains("tags"))
    for (const std::string& name : texts_of(call.input, "tagKeys")) document["tags"].erase(name);
  entities_.put(key, std::move(document));
  return Reply{};
}

}  // namespace aviary::apigateway
