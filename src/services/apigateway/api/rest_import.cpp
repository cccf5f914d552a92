#include <fmt/format.h>

#include <map>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/gateway_responses.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/openapi.hpp"
#include "services/apigateway/core/routing.hpp"

/// OpenAPI documents that make an API, or what is in one. All of a document is looked at before anything is
/// changed.
namespace aviary::apigateway {
namespace {

AwsError at_method(AwsError error, const std::string& path, const std::string& verb) {
  error.message = fmt::format("Unable to put integration on '{}' for resource at path '{}': {}", verb, path,
                              error.message);
  return error;
}

Result<> check_integrations(ImportedApi& imported) {
  for (auto& [path, methods] : imported.methods.items())
    for (auto& [verb, method] : methods.items()) {
      const auto integration = method.find("methodIntegration");
      if (integration == method.end()) continue;
      if (const Result<> fine = rest_check_integration(*integration); !fine)
        return at_method(fine.error(), path, verb);
      const Json responses = integration->value("integrationResponses", Json::object());
      for (const auto& [status, response] : responses.items()) {
        if (!rest_is_status(status))
          return at_method(rest_bad_request("Invalid status code specified: it is three digits"), path, verb);
        if (const Result<> fine = rest_check_response(response); !fine)
          return at_method(fine.error(), path, verb);
      }
    }
  return {};
}

}  // namespace

Result<ImportedApi> RestApiService::imported_of(const Call& call) const {
  Json document = parse_bounded<Json>(call.payload);
  if (document.is_discarded()) {
    Result<Json> yaml = read_yaml_(call.payload);
    if (!yaml) return rest_bad_request("Unable to parse the OpenAPI document: it is neither JSON nor YAML");
    document = std::move(*yaml);
  }
  ImportedApi imported = read_openapi(document);
  if (!imported.problem.empty()) return rest_bad_request(imported.problem);
  if (const Result<> fine = check_integrations(imported); !fine) return fine.error();
  for (const auto& [path, methods] : imported.methods.items())
    for (const auto& [verb, method] : methods.items())
      if (const Result<> fine = check_link(call, method.value("methodIntegration", Json::object())); !fine)
        return at_method(fine.error(), path, verb);
  for (const auto& [path, methods] : imported.methods.items())
    if (!resource_segments(path))
      return rest_bad_request(fmt::format("Invalid resource path specified: {}", path));
  for (const auto& [name, authorizer] : imported.authorizers.items())
    if (const Result<> fine = check_authorizer(authorizer); !fine) return fine.error();
  for (const auto& [type, response] : imported.responses.items())
    if (find_gateway_response(type) == nullptr)
      return rest_bad_request(fmt::format("Invalid gateway response type specified: {}", type));
  for (const Json& part : imported.documentation)
    if (const Result<> fine = rest_check_part(part); !fine) return fine.error();
  return imported;
}

/// The resource at the path; made, with those above it, if it is not there. `known`: ids by path.
std::string RestApiService::resource_at(const std::string& api, const std::string& path,
                                        std::map<std::string, std::string>& known) {
  std::string above = "/";
  std::string id = known[above];
  const std::vector<std::string> parts = resource_segments(path).value_or(std::vector<std::string>());
  for (const std::string& part : parts) {
    const std::string here = (above == "/" ? above : above + '/') + part;
    std::string& found = known[here];
    if (found.empty()) {
      found = new_id(ids_, 6);
      save_member(api, "resources", found,
                  {{"id", found}, {"parentId", id}, {"pathPart", part}, {"path", here}});
    }
    id = found;
    above = here;
  }
  return id;
}

void RestApiService::take_import(const std::string& api, const ImportedApi& imported, bool overwrites) {
  const Json* kept = entities_.find(api_key(api));
  Json document = *kept;
  const std::string root = text_of(document, "rootResourceId");
  document.update(imported.api);
  if (overwrites) {
    for (const char* folder : {"resources", "authorizers", "models", "validators", "responses"})
      entities_.erase_below(folder_key(api, folder));
    save_member(api, "resources", root, {{"id", root}, {"path", "/"}});
    put_default_models(api);
  }
  entities_.put(api_key(api), std::move(document));
  const auto named = [&](const char* folder, const std::string& name) {
    for (const auto& [key, each] : entities_.below(folder_key(api, folder)))
      if (text_of(*each, "name") == name) return text_of(*each, "id");
    return new_id(ids_, 6);
  };
  for (const auto& [name, model] : imported.models.items()) {
    Json made = model;
    made["id"] = named("models", name);
    save_member(api, "models", name, std::move(made));
  }
  std::map<std::string, std::string> validators;
  for (const auto& [name, validator] : imported.validators.items()) {
    Json made = validator;
    made["id"] = validators[name] = named("validators", name);
    save_member(api, "validators", validators[name], std::move(made));
  }
  std::map<std::string, std::string> authorizers;
  for (const auto& [name, authorizer] : imported.authorizers.items()) {
    Json made = authorizer;
    made["id"] = authorizers[name] = named("authorizers", name);
    save_member(api, "authorizers", authorizers[name], std::move(made));
  }
  for (const auto& [type, response] : imported.responses.items())
    save_member(api, "responses", type, response);
  take_parts(api, imported.documentation, overwrites);
  std::map<std::string, std::string> known;
  for (const auto& [key, resource] : entities_.below(folder_key(api, "resources")))
    known[text_of(*resource, "path")] = text_of(*resource, "id");
  for (const auto& [path, methods] : imported.methods.items()) {
    const std::string id = resource_at(api, path, known);
    Json resource = *entities_.find(member_key(api, "resources", id));
    for (const auto& [verb, method] : methods.items()) {
      Json made = method;
      if (const std::string name = text_of(made, "_authorizer"); !name.empty())
        made["authorizerId"] = authorizers[name];
      if (const std::string name = text_of(made, "_validator"); validators.contains(name))
        made["requestValidatorId"] = validators[name];
      made.erase("_authorizer");
      made.erase("_validator");
      if (made.contains("methodIntegration")) rest_fill(made["methodIntegration"], {{"cacheNamespace", id}});
      resource["resourceMethods"][verb] = std::move(made);
    }
    save_member(api, "resources", id, std::move(resource));
  }
}

Result<Reply> RestApiService::import_api(Call& call) {
  Result<ImportedApi> imported = imported_of(call);
  if (!imported) return imported.error();
  Json api = new_api(call);
  const std::string id = text_of(api, "id");
  entities_.put(api_key(id), std::move(api));
  take_import(id, *imported, true);
  return Reply{.output = rest_sent(*entities_.find(api_key(id)))};
}

Result<Reply> RestApiService::put_api(Call& call) {
  const Result<Json> owner = api_of(call);
  if (!owner) return owner.error();
  Result<ImportedApi> imported = imported_of(call);
  if (!imported) return imported.error();
  const std::string id = text_of(*owner, "id");
  take_import(id, *imported, text_of(call.input, "mode") == "overwrite");
  return Reply{.output = rest_sent(*entities_.find(api_key(id)))};
}

}  // namespace aviary::apigateway
