#include "services/apigateway/api/domain_records.hpp"

#include <fmt/format.h>

#include "base/document.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/identifiers.hpp"

namespace aviary::apigateway {
namespace {

/// Of the names of CloudFront, for all regions.
constexpr std::string_view edge_zone = "Z2FDTNDATAQYW2";

void show(const Json& record, const char* from, Json& out, const char* to) {
  if (const Json* value = find_member(record, from); value && *value != "") out[to] = *value;
}

}  // namespace

Json new_domain(const Call& call, Random& ids, std::string name, std::string_view type) {
  const bool edge = type == "EDGE";
  return {{"name", std::move(name)},
          {"type", type},
          {"uploaded", seconds_of(call)},
          {"target", edge ? fmt::format("d{}.cloudfront.net", new_id(ids, 13))
                          : fmt::format("d-{}.execute-api.{}.amazonaws.com", new_id(ids, 10), call.region)},
          {"zone", edge ? edge_zone : hosted_zone(call.region)},
          {"security", "TLS_1_2"},
          {"ip", "ipv4"},
          {"routing", "API_MAPPING_ONLY"},
          {"tags", Json::object()},
          {"_account", call.account},
          {"_region", call.region}};
}

Json rest_domain(const Json& record) {
  const std::string& name = text_of(record, "name");
  const bool edge = text_of(record, "type") == "EDGE";
  Json out{{"domainName", name},
           {"domainNameArn",
            fmt::format("arn:aws:apigateway:{}::/domainnames/{}", text_of(record, "_region"), name)},
           {"domainNameStatus", "AVAILABLE"},
           {"endpointConfiguration",
            {{"types", Json::array({record.at("type")})}, {"ipAddressType", record.at("ip")}}},
           {"certificateUploadDate", record.at("uploaded")},
           {"tags", record.at("tags")}};
  show(record, "security", out, "securityPolicy");
  show(record, "routing", out, "routingMode");
  show(record, "ownership", out, "ownershipVerificationCertificateArn");
  show(record, "certificate", out, edge ? "certificateArn" : "regionalCertificateArn");
  show(record, "certificate_name", out, edge ? "certificateName" : "regionalCertificateName");
  show(record, "target", out, edge ? "distributionDomainName" : "regionalDomainName");
  show(record, "zone", out, edge ? "distributionHostedZoneId" : "regionalHostedZoneId");
  if (const Json* truststore = find_member(record, "truststore")) {
    Json& tls = out["mutualTlsAuthentication"] = Json::object();
    show(*truststore, "TruststoreUri", tls, "truststoreUri");
    show(*truststore, "TruststoreVersion", tls, "truststoreVersion");
  }
  return out;
}

Json http_domain(const Json& record) {
  const std::string& name = text_of(record, "name");
  Json configuration{{"DomainNameStatus", "AVAILABLE"},
                     {"EndpointType", record.at("type")},
                     {"IpAddressType", record.at("ip")}};
  show(record, "target", configuration, "ApiGatewayDomainName");
  show(record, "certificate", configuration, "CertificateArn");
  show(record, "certificate_name", configuration, "CertificateName");
  show(record, "zone", configuration, "HostedZoneId");
  show(record, "security", configuration, "SecurityPolicy");
  show(record, "ownership", configuration, "OwnershipVerificationCertificateArn");
  Json out{{"DomainName", name},
           {"DomainNameArn",
            fmt::format("arn:aws:apigateway:{}::/domainnames/{}", text_of(record, "_region"), name)},
           {"ApiMappingSelectionExpression", "$request.basepath"},
           {"DomainNameConfigurations", Json::array({std::move(configuration)})},
           {"Tags", record.at("tags")}};
  show(record, "routing", out, "RoutingMode");
  show(record, "truststore", out, "MutualTlsAuthentication");
  return out;
}

}  // namespace aviary::apigateway
