#include <fmt/format.h>

#include "base/document.hpp"
#include "base/self_signed.hpp"
#include "models/apigateway.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// What an account has beside its APIs: client certificates, which stages show to the servers behind them,
/// and VPC links.
namespace aviary::apigateway {
namespace {

constexpr PatchRule certificate_rules[] = {{"/description"}};
constexpr PatchRule link_rules[] = {{"/name"}, {"/description"}};
constexpr std::chrono::hours certificate_life{365 * 24};

/// Where a stage's snapshot has an integration through the link: `GET:abc123`; empty: nowhere.
std::string place_of_link(const Json& snapshot, const std::string& link) {
  const Json resources = snapshot.value("resources", Json::array());
  for (const Json& resource : resources) {
    const Json methods = resource.value("resourceMethods", Json::object());
    for (const auto& [verb, method] : methods.items())
      if (text_of(method.value("methodIntegration", Json::object()), "connectionId") == link)
        return verb + ':' + text_of(resource, "id");
  }
  return {};
}

}  // namespace

Result<Json> RestApiService::certificate_of(const Call& call) const {
  const Json* found =
      entities_.find(rest_account_folder(call, "certificates") + text_of(call.input, "clientCertificateId"));
  if (found == nullptr) return rest_not_found("Invalid Client Certificate identifier specified");
  return *found;
}

Task<Result<Reply>> RestApiService::generate_certificate(Call call) {
  const auto work = [from = call.now] { return self_signed("ApiGateway", from, from + certificate_life); };
  std::optional<SelfSigned> made;
  if (workers_ != nullptr) {
    auto working = workers_->run(work);
    made = co_await std::move(working);
  } else {
    made = work();
  }
  if (!made) co_return rest_bad_request("The certificate cannot be generated");
  Json certificate = call.input;
  const std::string id = new_id(ids_, 6);
  const double now = rest_seconds(call);
  certificate["clientCertificateId"] = id;
  certificate["pemEncodedCertificate"] = std::move(made->certificate);
  certificate["createdDate"] = now;
  certificate["expirationDate"] = now + std::chrono::duration<double>(certificate_life).count();
  certificate["_key"] = std::move(made->key);
  entities_.put(rest_account_folder(call, "certificates") + id, certificate);
  co_return Reply{.output = rest_sent(certificate)};
}

Result<Reply> RestApiService::get_certificate(Call& call) {
  const Result<Json> found = certificate_of(call);
  if (!found) return found.error();
  return Reply{.output = rest_sent(*found)};
}

Result<Reply> RestApiService::get_certificates(Call& call) {
  Json items = Json::array();
  for (const auto& [key, document] : entities_.below(rest_account_folder(call, "certificates")))
    items.push_back(rest_sent(*document));
  return rest_page(call, std::move(items), "clientCertificateId");
}

Result<Reply> RestApiService::update_certificate(Call& call) {
  Result<Json> found = certificate_of(call);
  if (!found) return found.error();
  Result<Json> changed = rest_patched(call, std::move(*found), certificate_rules);
  if (!changed) return changed.error();
  entities_.put(rest_account_folder(call, "certificates") + text_of(*changed, "clientCertificateId"),
                *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_certificate(Call& call) {
  const Result<Json> found = certificate_of(call);
  if (!found) return found.error();
  const std::string id = text_of(*found, "clientCertificateId");
  for (const auto& [key, stage] : entities_.below("in/"))
    if (text_of(*stage, "clientCertificateId") == id)
      return rest_bad_request(
          fmt::format("Cannot delete client certificate '{}', is referenced by stage '{}'", id,
                      text_of(*stage, "stageName")));
  entities_.erase(rest_account_folder(call, "certificates") + id);
  return Reply{};
}

Result<Json> RestApiService::link_of(const Call& call) const {
  const Json* found =
      entities_.find(rest_account_folder(call, "vpc-links") + text_of(call.input, "vpcLinkId"));
  if (found == nullptr) return rest_not_found("Invalid Vpc Link identifier specified");
  return *found;
}

/// A link that an integration names has to be there, unless a stage's variable names it.
Result<> RestApiService::check_link(const Call& call, const Json& integration) const {
  const std::string& id = text_of(integration, "connectionId");
  if (text_of(integration, "connectionType") != "VPC_LINK" || id.starts_with("${") ||
      entities_.find(rest_account_folder(call, "vpc-links") + id) != nullptr)
    return {};
  return rest_not_found("Invalid Vpc Link identifier specified");
}

Result<Reply> RestApiService::create_link(Call& call) {
  Json link = call.input;
  if (text_of(link, "name").empty()) return rest_bad_request("Name cannot be empty");
  const std::vector<std::string> targets = texts_of(link, "targetArns");
  if (targets.size() != 1) return rest_bad_request("Only one target ARN may be specified for a VPC link");
  // There are no load balancers to look for: their ARN has to read as one.
  if (!targets.front().starts_with("arn:") || targets.front().find(":loadbalancer/net/") == std::string::npos)
    return rest_bad_request(
        fmt::format("Invalid ARN specified: {}: it is a Network Load Balancer's", targets.front()));
  const std::string id = new_id(ids_, 6);
  link["id"] = id;
  link["status"] = "AVAILABLE";
  link["statusMessage"] = "Your vpc link is ready for use";
  entities_.put(rest_account_folder(call, "vpc-links") + id, link);
  // As in AWS the answer comes before the link is ready.
  Json sent = rest_sent(link);
  sent["status"] = "PENDING";
  sent.erase("statusMessage");
  return Reply{.output = std::move(sent)};
}

Result<Reply> RestApiService::get_link(Call& call) {
  const Result<Json> found = link_of(call);
  if (!found) return found.error();
  return Reply{.output = rest_sent(*found)};
}

Result<Reply> RestApiService::get_links(Call& call) {
  Json items = Json::array();
  for (const auto& [key, document] : entities_.below(rest_account_folder(call, "vpc-links")))
    items.push_back(rest_sent(*document));
  return rest_page(call, std::move(items));
}

Result<Reply> RestApiService::update_link(Call& call) {
  Result<Json> found = link_of(call);
  if (!found) return found.error();
  Result<Json> changed = rest_patched(call, std::move(*found), link_rules);
  if (!changed) return changed.error();
  if (text_of(*changed, "name").empty()) return rest_bad_request("Name cannot be empty");
  entities_.put(rest_account_folder(call, "vpc-links") + text_of(*changed, "id"), *changed);
  return Reply{.output = rest_sent(*changed)};
}

Result<Reply> RestApiService::delete_link(Call& call) {
  const Result<Json> found = link_of(call);
  if (!found) return found.error();
  const std::string id = text_of(*found, "id");
  for (const auto& [key, stage] : entities_.below("in/")) {
    if (key.find("/stages/") == std::string_view::npos) continue;
    const std::string_view api = key.substr(3, key.find('/', 3) - 3);
    const Json* deployment = entities_.find(member_key(api, "deployments", text_of(*stage, "deploymentId")));
    if (deployment == nullptr) continue;
    const std::string place = place_of_link(deployment->value("_snapshot", Json::object()), id);
    if (!place.empty())
      return rest_bad_request(
          fmt::format("Cannot delete vpc link. Vpc link '{}', is referenced in [{}:{}] in format of "
                      "[Method:Resource:Stage].",
                      id, place, text_of(*stage, "stageName")));
  }
  entities_.erase(rest_account_folder(call, "vpc-links") + id);
  return Reply{};
}

}  // namespace aviary::apigateway
