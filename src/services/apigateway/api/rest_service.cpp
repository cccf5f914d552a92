#include "services/apigateway/api/rest_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "models/apigateway.hpp"
#include "services/apigateway/api/http_service.hpp"

namespace aviary::apigateway {

namespace rest_errors = models::apigateway::errors;

/// Which member answers which operation.
OperationTable<RestApiService> RestApiService::operations() {
  using S = RestApiService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CreateApiKey", &S::create_key},
      {"CreateAuthorizer", &S::create_member},
      {"CreateBasePathMapping", &S::create_base_path},
      {"CreateDeployment", &S::create_deployment},
      {"CreateDocumentationPart", &S::create_part},
      {"CreateDocumentationVersion", &S::create_documentation},
      {"CreateDomainName", &S::create_domain},
      {"CreateModel", &S::create_member},
      {"CreateRequestValidator", &S::create_member},
      {"CreateResource", &S::create_resource},
      {"CreateRestApi", &S::create_api},
      {"CreateStage", &S::create_stage},
      {"CreateUsagePlan", &S::create_plan},
      {"CreateUsagePlanKey", &S::create_plan_key},
      {"CreateVpcLink", &S::create_link},
      {"DeleteApiKey", &S::delete_key},
      {"DeleteAuthorizer", &S::delete_member},
      {"DeleteBasePathMapping", &S::delete_base_path},
      {"DeleteClientCertificate", &S::delete_certificate},
      {"DeleteDeployment", &S::delete_deployment},
      {"DeleteDocumentationPart", &S::delete_part},
      {"DeleteDocumentationVersion", &S::delete_documentation},
      {"DeleteDomainName", &S::delete_domain},
      {"DeleteGatewayResponse", &S::delete_member},
      {"DeleteIntegration", &S::delete_method_part},
      {"DeleteIntegrationResponse", &S::delete_method_part},
      {"DeleteMethod", &S::delete_method_part},
      {"DeleteMethodResponse", &S::delete_method_part},
      {"DeleteModel", &S::delete_member},
      {"DeleteRequestValidator", &S::delete_member},
      {"DeleteResource", &S::delete_resource},
      {"DeleteRestApi", &S::delete_api},
      {"DeleteStage", &S::delete_stage},
      {"DeleteUsagePlan", &S::delete_plan},
      {"DeleteUsagePlanKey", &S::delete_plan_key},
      {"DeleteVpcLink", &S::delete_link},
      {"GenerateClientCertificate", &S::generate_certificate},
      {"GetAccount", &S::get_account},
      {"GetApiKey", &S::get_key},
      {"GetApiKeys", &S::get_keys},
      {"GetAuthorizer", &S::get_member},
      {"GetAuthorizers", &S::list_members},
      {"GetBasePathMapping", &S::get_base_path},
      {"GetBasePathMappings", &S::get_base_paths},
      {"GetClientCertificate", &S::get_certificate},
      {"GetClientCertificates", &S::get_certificates},
      {"GetDeployment", &S::get_deployment},
      {"GetDeployments", &S::get_deployments},
      {"GetDocumentationPart", &S::get_part},
      {"GetDocumentationParts", &S::get_parts},
      {"GetDocumentationVersion", &S::get_documentation},
      {"GetDocumentationVersions", &S::get_documentations},
      {"GetDomainName", &S::get_domain},
      {"GetDomainNames", &S::get_domains},
      {"GetGatewayResponse", &S::get_member},
      {"GetGatewayResponses", &S::list_gateway_responses},
      {"GetIntegration", &S::get_method_part},
      {"GetIntegrationResponse", &S::get_method_part},
      {"GetMethod", &S::get_method_part},
      {"GetMethodResponse", &S::get_method_part},
      {"GetModel", &S::get_member},
      {"GetModels", &S::list_members},
      {"GetRequestValidator", &S::get_member},
      {"GetRequestValidators", &S::list_members},
      {"GetResource", &S::get_resource},
      {"GetResources", &S::get_resources},
      {"GetRestApi", &S::get_api},
      {"GetRestApis", &S::get_apis},
      {"GetStage", &S::get_stage},
      {"GetStages", &S::get_stages},
      {"GetTags", &S::get_tags},
      {"GetUsagePlan", &S::get_plan},
      {"GetUsagePlanKey", &S::get_plan_key},
      {"GetUsagePlanKeys", &S::get_plan_keys},
      {"GetUsagePlans", &S::get_plans},
      {"GetVpcLink", &S::get_link},
      {"GetVpcLinks", &S::get_links},
      {"ImportDocumentationParts", &S::import_parts},
      {"ImportRestApi", &S::import_api},
      {"PutGatewayResponse", &S::put_gateway_response},
      {"PutIntegration", &S::put_integration},
      {"PutIntegrationResponse", &S::put_integration_response},
      {"PutMethod", &S::put_method},
      {"PutMethodResponse", &S::put_method_response},
      {"PutRestApi", &S::put_api},
      {"TagResource", &S::tag},
      {"UntagResource", &S::untag},
      {"UpdateAccount", &S::update_account},
      {"UpdateApiKey", &S::update_key},
      {"UpdateAuthorizer", &S::update_member},
      {"UpdateBasePathMapping", &S::update_base_path},
      {"UpdateClientCertificate", &S::update_certificate},
      {"UpdateDeployment", &S::update_deployment},
      {"UpdateDocumentationPart", &S::update_part},
      {"UpdateDocumentationVersion", &S::update_documentation},
      {"UpdateDomainName", &S::update_domain},
      {"UpdateGatewayResponse", &S::update_member},
      {"UpdateIntegration", &S::update_method_part},
      {"UpdateIntegrationResponse", &S::update_method_part},
      {"UpdateMethod", &S::update_method_part},
      {"UpdateMethodResponse", &S::update_method_part},
      {"UpdateModel", &S::update_member},
      {"UpdateRequestValidator", &S::update_member},
      {"UpdateResource", &S::update_resource},
      {"UpdateRestApi", &S::update_api},
      {"UpdateStage", &S::update_stage},
      {"UpdateUsagePlan", &S::update_plan},
      {"UpdateVpcLink", &S::update_link},
  };
  return {models::apigateway::service, "API Gateway", entries};
}

RestApiService::RestApiService(RestDependencies d)
    : ids_(d.ids),
      read_yaml_(std::move(d.read_yaml)),
      domains_(d.domains),
      workers_(d.workers),
      entities_(d.journal, "rest-apis") {}

const ErrorShape* RestApiService::violation_error() const { return &rest_errors::BadRequestException; }

Result<Json> RestApiService::api_of(const Call& call) const {
  const std::string& id = text_of(call.input, "restApiId");
  const Json* api = entities_.find(api_key(id));
  if (api == nullptr || text_of(*api, "_account") != call.account || text_of(*api, "_region") != call.region)
    return rest_not_found(fmt::format("Invalid API identifier specified {}:{}", call.account, id));
  return *api;
}

Result<Json> RestApiService::member_of(const Call& call, const char* folder, const char* id,
                                       std::string_view name) const {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  const Json* found =
      entities_.find(member_key(text_of(call.input, "restApiId"), folder, text_of(call.input, id)));
  if (found == nullptr) return rest_not_found(fmt::format("Invalid {} specified", name));
  return *found;
}

void RestApiService::save_member(const std::string& api, const char* folder, const std::string& id,
                                 Json document) {
  entities_.put(member_key(api, folder, id), std::move(document));
}

void RestApiService::save_resource(const std::string& api, Json resource) {
  const std::string id = text_of(resource, "id");
  save_member(api, "resources", id, std::move(resource));
}

AwsError rest_bad_request(std::string text) { return {rest_errors::BadRequestException, std::move(text)}; }
AwsError rest_not_found(std::string text) { return {rest_errors::NotFoundException, std::move(text)}; }
AwsError rest_conflict(std::string text) { return {rest_errors::ConflictException, std::move(text)}; }
AwsError rest_not_there(std::string_view what) {
  return {wire::errors::NotImplemented, fmt::format("Aviary does not have {} of REST APIs yet.", what)};
}

Result<Json> rest_patched(const Call& call, Json document, std::span<const PatchRule> rules) {
  const Json* operations = find_member(call.input, "patchOperations");
  if (operations == nullptr) return document;
  std::string problem = apply_patch(document, *operations, rules);
  if (!problem.empty()) return rest_bad_request(std::move(problem));
  return document;
}

Result<Reply> rest_page(const Call& call, Json items, const char* id) {
  constexpr std::int64_t usual = 25;
  constexpr std::int64_t most = 500;
  const std::int64_t limit = std::clamp<std::int64_t>(call.input.value("limit", usual), 1, most);
  const std::string& position = text_of(call.input, "position");
  std::size_t start = 0;
  if (!position.empty()) {
    const auto last =
        std::ranges::find_if(items, [&](const Json& item) { return text_of(item, id) == position; });
    if (last == items.end()) return rest_bad_request("Invalid position parameter specified");
    start = static_cast<std::size_t>(last - items.begin()) + 1;
  }
  Reply reply{.output = {{"items", Json::array()}}};
  Json& page = reply.output["items"];
  for (std::size_t i = start; i < items.size(); ++i) {
    if (page.size() == static_cast<std::size_t>(limit)) {
      reply.output["position"] = page.back()[id];
      break;
    }
    page.push_back(std::move(items[i]));
  }
  return reply;
}

Json rest_sent(const Json& document) { return without_kept(document); }

std::string rest_account_folder(const Call& call, std::string_view folder) {
  return fmt::format("{}/{}/{}/", folder, call.account, call.region);
}

double rest_seconds(const Call& call) { return seconds_of(call); }

void rest_fill(Json& document, std::initializer_list<std::pair<const char*, Json>> defaults) {
  for (const auto& [name, value] : defaults)
    if (find_member(document, name) == nullptr) document[name] = value;
}

}  // namespace aviary::apigateway
