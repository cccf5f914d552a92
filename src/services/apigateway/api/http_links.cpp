#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/document.hpp"
#include "models/apigatewayv2.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// VPC links of API Gateway v2, and what only WebSocket APIs may have: models, responses of routes and of
/// integrations.
namespace aviary::apigateway {
namespace {

namespace errors = models::apigatewayv2::errors;

struct WebSocketKind {
  std::string_view entity;  ///< `RouteResponse`
  std::string_view called;
  const char* id;
  const char* owner;     ///< the folder of what it belongs to; null: the API itself
  const char* owner_id;  ///< `RouteId`
  std::string_view owner_entity;
};
constexpr std::array websocket_kinds{
    WebSocketKind{"RouteResponse", "Route responses", "RouteResponseId", "routes", "RouteId", "Route"},
    WebSocketKind{"IntegrationResponse", "Integration responses", "IntegrationResponseId", "integrations",
                  "IntegrationId", "Integration"},
    WebSocketKind{"Model", "Models", "ModelId", nullptr, "", ""}};

std::string links_of(const Call& call) { return fmt::format("vpc-links/{}/{}/", call.account, call.region); }

}  // namespace

/// There are no WebSocket APIs, so there is nothing to be found: making one is refused as for any HTTP API.
Result<Reply> HttpApiService::websocket_only(Call& call) {
  const Result<Json> api = api_of(call);
  if (!api) return api.error();
  const std::string_view name = call.operation->name;
  const WebSocketKind& kind = *std::ranges::find_if(websocket_kinds, [&](const WebSocketKind& each) {
    return name.find(each.entity) != std::string_view::npos;
  });
  if (kind.owner != nullptr) {
    const std::string& id = text_of(call.input, kind.owner_id);
    if (entities_.find(member_key(text_of(*api, "ApiId"), kind.owner, id)) == nullptr)
      return AwsError(errors::NotFoundException,
                      fmt::format("Unable to find {} by key {}", kind.owner_entity, id));
  }
  if (name.starts_with("Create"))
    return AwsError(errors::BadRequestException,
                    fmt::format("{} are not supported on protocolType HTTP", kind.called));
  if (name.ends_with('s')) return Reply{.output = {{"Items", Json::array()}}};
  return AwsError(errors::NotFoundException,
                  fmt::format("Unable to find {} by key {}", kind.entity, text_of(call.input, kind.id)));
}

Result<Json> HttpApiService::link_of(const Call& call, std::string_view id) const {
  const Json* found = entities_.find(links_of(call) + std::string(id));
  if (found == nullptr)
    return AwsError(errors::NotFoundException, fmt::format("Unable to find VpcLink by key {}", id));
  return *found;
}

Result<Reply> HttpApiService::create_link(Call& call) {
  if (call.input.value("SubnetIds", Json::array()).empty())
    return AwsError(errors::BadRequestException, "At least one subnet must be specified for a VPC link");
  Json link = call.input;
  const std::string id = new_id(ids_, 6);
  link["VpcLinkId"] = id;
  link["CreatedDate"] = seconds_of(call);
  link["VpcLinkStatus"] = "AVAILABLE";
  link["VpcLinkStatusMessage"] = "VPC link is ready to route traffic";
  link["VpcLinkVersion"] = "V2";
  for (const auto& [name, usual] :
       {std::pair{"SecurityGroupIds", Json::array()}, std::pair{"Tags", Json::object()}})
    if (find_member(link, name) == nullptr) link[name] = usual;
  entities_.put(links_of(call) + id, link);
  // As in AWS the answer comes before the link is ready.
  link["VpcLinkStatus"] = "PENDING";
  link["VpcLinkStatusMessage"] = "VPC link is provisioning ENIs";
  return Reply{.output = std::move(link)};
}

Result<Reply> HttpApiService::get_link(Call& call) {
  Result<Json> link = link_of(call, text_of(call.input, "VpcLinkId"));
  if (!link) return link.error();
  return Reply{.output = std::move(*link)};
}

Result<Reply> HttpApiService::get_links(Call& call) {
  Json items = Json::array();
  for (const auto& [key, link] : entities_.below(links_of(call))) items.push_back(*link);
  return Reply{.output = {{"Items", std::move(items)}}};
}

Result<Reply> HttpApiService::update_link(Call& call) {
  Result<Json> link = link_of(call, text_of(call.input, "VpcLinkId"));
  if (!link) return link.error();
  if (const Json* name = find_member(call.input, "Name")) (*link)["Name"] = *name;
  entities_.put(links_of(call) + text_of(*link, "VpcLinkId"), *link);
  return Reply{.output = std::move(*link)};
}

Result<Reply> HttpApiService::delete_link(Call& call) {
  const Result<Json> link = link_of(call, text_of(call.input, "VpcLinkId"));
  if (!link) return link.error();
  entities_.erase(links_of(call) + text_of(*link, "VpcLinkId"));
  return Reply{};
}

}  // namespace aviary::apigateway
