#include "services/apigateway/api/http_service.hpp"

#include "models/apigatewayv2.hpp"

namespace aviary::apigateway {

/// Which member answers which operation.
OperationTable<HttpApiService> HttpApiService::operations() {
  using S = HttpApiService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CreateApi", &S::create_api},
      {"CreateApiMapping", &S::create_mapping},
      {"CreateAuthorizer", &S::create_member},
      {"CreateDeployment", &S::create_member},
      {"CreateDomainName", &S::create_domain},
      {"CreateIntegration", &S::create_member},
      {"CreateIntegrationResponse", &S::websocket_only},
      {"CreateModel", &S::websocket_only},
      {"CreateRoute", &S::create_member},
      {"CreateRouteResponse", &S::websocket_only},
      {"CreateRoutingRule", &S::create_rule},
      {"CreateStage", &S::create_member},
      {"CreateVpcLink", &S::create_link},
      {"DeleteApi", &S::delete_api},
      {"DeleteApiMapping", &S::delete_mapping},
      {"DeleteAuthorizer", &S::delete_member},
      {"DeleteCorsConfiguration", &S::delete_cors},
      {"DeleteDeployment", &S::delete_member},
      {"DeleteDomainName", &S::delete_domain},
      {"DeleteIntegration", &S::delete_member},
      {"DeleteIntegrationResponse", &S::websocket_only},
      {"DeleteModel", &S::websocket_only},
      {"DeleteRoute", &S::delete_member},
      {"DeleteRouteResponse", &S::websocket_only},
      {"DeleteRoutingRule", &S::delete_rule},
      {"DeleteStage", &S::delete_member},
      {"DeleteVpcLink", &S::delete_link},
      {"GetApi", &S::get_api},
      {"GetApiMapping", &S::get_mapping},
      {"GetApiMappings", &S::get_mappings},
      {"GetApis", &S::get_apis},
      {"GetAuthorizer", &S::get_member},
      {"GetAuthorizers", &S::list_members},
      {"GetDeployment", &S::get_member},
      {"GetDeployments", &S::list_members},
      {"GetDomainName", &S::get_domain},
      {"GetDomainNames", &S::get_domains},
      {"GetIntegration", &S::get_member},
      {"GetIntegrationResponse", &S::websocket_only},
      {"GetIntegrationResponses", &S::websocket_only},
      {"GetIntegrations", &S::list_members},
      {"GetModel", &S::websocket_only},
      {"GetModelTemplate", &S::websocket_only},
      {"GetModels", &S::websocket_only},
      {"GetRoute", &S::get_member},
      {"GetRouteResponse", &S::websocket_only},
      {"GetRouteResponses", &S::websocket_only},
      {"GetRoutes", &S::list_members},
      {"GetRoutingRule", &S::get_rule},
      {"GetStage", &S::get_member},
      {"GetStages", &S::list_members},
      {"GetTags", &S::get_tags},
      {"GetVpcLink", &S::get_link},
      {"GetVpcLinks", &S::get_links},
      {"ImportApi", &S::import_api},
      {"ListRoutingRules", &S::list_rules},
      {"PutRoutingRule", &S::put_rule},
      {"ReimportApi", &S::import_api},
      {"TagResource", &S::tag},
      {"UntagResource", &S::untag},
      {"UpdateApi", &S::update_api},
      {"UpdateApiMapping", &S::update_mapping},
      {"UpdateAuthorizer", &S::update_member},
      {"UpdateDeployment", &S::update_member},
      {"UpdateDomainName", &S::update_domain},
      {"UpdateIntegration", &S::update_member},
      {"UpdateIntegrationResponse", &S::websocket_only},
      {"UpdateModel", &S::websocket_only},
      {"UpdateRoute", &S::update_member},
      {"UpdateRouteResponse", &S::websocket_only},
      {"UpdateStage", &S::update_member},
      {"UpdateVpcLink", &S::update_link},
  };
  return {models::apigatewayv2::service, "API Gateway v2", entries};
}

HttpApiService::HttpApiService(HttpDependencies d)
    : ids_(d.ids), port_(std::move(d.port)), domains_(d.domains), entities_(d.journal, "http-apis") {}

Json without_kept(const Json& document) {
  Json sent = Json::object();
  for (const auto& [name, value] : document.items())
    if (!name.starts_with('_')) sent[name] = value;
  return sent;
}

double seconds_of(const Call& call) { return whole_epoch_seconds(call.now); }

}  // namespace aviary::apigateway
