#include <algorithm>

#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"
#include "wire/protocol.hpp"

/// Identity providers, OpenID Connect and SAML, by their ARNs. Nobody signs in by them here.
namespace aviary::iam {
namespace {

constexpr const char* oidc = "oidc-provider";
constexpr const char* saml = "saml-provider";

AwsError provider_exists(const std::string& text) {
  return {models::iam::errors::EntityAlreadyExistsException, text};
}

AwsError invalid_provider(std::string text) {
  return {models::iam::errors::InvalidInputException, std::move(text)};
}

Json list_in(const Json& input, const char* member) { return input.value(member, Json::array()); }

void take_out(Json& list, const Json& value) {
  Json kept = Json::array();
  for (const Json& each : list)
    if (each != value) kept.push_back(each);
  list = std::move(kept);
}

}  // namespace

Result<Json*> IamService::oidc_provider_of(const Call& call) {
  const std::string arn = iam_text(call.input, "OpenIDConnectProviderArn");
  Json* found = directory_.find(call.account, oidc, arn);
  if (found == nullptr)
    return no_such_entity(fmt::format("OpenIDConnect Provider not found for arn {}", arn));
  return found;
}

Result<Reply> IamService::create_oidc_provider(Call& call) {
  const std::string url = iam_text(call.input, "Url");
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme) || url.size() == scheme.size() || url.find('?') != std::string::npos)
    return invalid_provider("Invalid Open ID Connect Provider URL");
  const std::string host = url.substr(scheme.size());
  const std::string arn = fmt::format("arn:aws:iam::{}:oidc-provider/{}", call.account, host);
  if (directory_.find(call.account, oidc, arn) != nullptr)
    return provider_exists(fmt::format("Provider with url {} already exists.", url));
  Json provider{{"Url", host},
                {"ClientIDList", list_in(call.input, "ClientIDList")},
                {"ThumbprintList", list_in(call.input, "ThumbprintList")},
                {"CreateDate", whole_epoch_seconds(call.now)},
                {"Tags", list_in(call.input, "Tags")}};
  Reply reply;
  reply.output = {{"OpenIDConnectProviderArn", arn}, {"Tags", provider["Tags"]}};
  directory_.put(call.account, oidc, arn, std::move(provider));
  return reply;
}

Result<Reply> IamService::get_oidc_provider(Call& call) {
  const Result<Json*> found = oidc_provider_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = sent(**found);
  return reply;
}

Result<Reply> IamService::list_oidc_providers(Call& call) {
  Reply reply;
  Json& rows = reply.output["OpenIDConnectProviderList"] = Json::array();
  for (const auto& [arn, provider] : directory_.all(call.account, oidc)) rows.push_back({{"Arn", arn}});
  return reply;
}

Result<Reply> IamService::change_oidc_provider(Call& call) {
  const Result<Json*> found = oidc_provider_of(call);
  if (!found) return found.error();
  const std::string_view operation = call.operation->name;
  Json& clients = (**found)["ClientIDList"];
  if (operation == "UpdateOpenIDConnectProviderThumbprint") {
    (**found)["ThumbprintList"] = call.input["ThumbprintList"];
  } else {
    const Json& client = call.input["ClientID"];
    const bool there = std::ranges::find(clients, client) != clients.end();
    // Both are "idempotent; it does not fail or return an error".
    if (operation == "RemoveClientIDFromOpenIDConnectProvider") {
      take_out(clients, client);
    } else if (!there) {
      if (clients.size() >= 100)
        return AwsError(models::iam::errors::LimitExceededException,
                        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100");
      clients.push_back(client);
    }
  }
  directory_.save(call.account, oidc, iam_text(call.input, "OpenIDConnectProviderArn"));
  return Reply{};
}

Result<Reply> IamService::delete_oidc_provider(Call& call) {
  const Result<Json*> found = oidc_provider_of(call);
  if (!found) return found.error();
  directory_.erase(call.account, oidc, iam_text(call.input, "OpenIDConnectProviderArn"));
  return Reply{};
}

Result<Json*> IamService::saml_provider_of(const Call& call) {
  const std::string arn = iam_text(call.input, "SAMLProviderArn");
  Json* found = directory_.find(call.account, saml, arn);
  if (found == nullptr) return no_such_entity(fmt::format("Manifest not found for arn {}", arn));
  return found;
}

Result<Reply> IamService::create_saml_provider(Call& call) {
  const std::string name = iam_text(call.input, "Name");
  const std::string document = iam_text(call.input, "SAMLMetadataDocument");
  if (document.find("EntityDescriptor") == std::string::npos)
    return invalid_provider("Could not parse metadata");
  if (call.input.contains("AddPrivateKey") || call.input.contains("AssertionEncryptionMode"))
    return AwsError(wire::errors::NotImplemented, "Encrypted SAML assertions are not part of Aviary.");
  const std::string arn = fmt::format("arn:aws:iam::{}:saml-provider/{}", call.account, name);
  if (directory_.find(call.account, saml, arn) != nullptr)
    return provider_exists(fmt::format("SAML provider {} already exists.", name));
  constexpr double valid_s = 100.0 * 365 * 24 * 3600;
  Json provider{{"SAMLMetadataDocument", document},
                {"SAMLProviderUUID", ids_.hex(20)},
                {"CreateDate", whole_epoch_seconds(call.now)},
                {"ValidUntil", whole_epoch_seconds(call.now) + valid_s},
                {"Tags", list_in(call.input, "Tags")}};
  Reply reply;
  reply.output = {{"SAMLProviderArn", arn}, {"Tags", provider["Tags"]}};
  directory_.put(call.account, saml, arn, std::move(provider));
  return reply;
}

Result<Reply> IamService::get_saml_provider(Call& call) {
  const Result<Json*> found = saml_provider_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = sent(**found);
  return reply;
}

Result<Reply> IamService::list_saml_providers(Call& call) {
  Reply reply;
  Json& rows = reply.output["SAMLProviderList"] = Json::array();
  for (const auto& [arn, provider] : directory_.all(call.account, saml))
    rows.push_back(
        {{"Arn", arn}, {"CreateDate", provider["CreateDate"]}, {"ValidUntil", provider["ValidUntil"]}});
  return reply;
}

Result<Reply> IamService::update_saml_provider(Call& call) {
  const Result<Json*> found = saml_provider_of(call);
  if (!found) return found.error();
  for (const char* member : {"AddPrivateKey", "RemovePrivateKey", "AssertionEncryptionMode"})
    if (call.input.contains(member))
      return AwsError(wire::errors::NotImplemented, "Encrypted SAML assertions are not part of Aviary.");
  const std::string arn = iam_text(call.input, "SAMLProviderArn");
  if (const std::string document = iam_text(call.input, "SAMLMetadataDocument"); !document.empty()) {
    if (document.find("EntityDescriptor") == std::string::npos)
      return invalid_provider("Could not parse metadata");
    (**found)["SAMLMetadataDocument"] = document;
    directory_.save(call.account, saml, arn);
  }
  Reply reply;
  reply.output["SAMLProviderArn"] = arn;
  return reply;
}

Result<Reply> IamService::delete_saml_provider(Call& call) {
  const Result<Json*> found = saml_provider_of(call);
  if (!found) return found.error();
  directory_.erase(call.account, saml, iam_text(call.input, "SAMLProviderArn"));
  return Reply{};
}

}  // namespace aviary::iam
