#include <fmt/format.h>

#include <algorithm>

#include "services/cloudformation/core/sam_api.hpp"

/// `Domain` of APIs: a domain name, what is below which path of it, and records that lead to it.
namespace aviary::cloudformation {
namespace {

constexpr const char* truststore_fields = "['TruststoreUri', 'TruststoreVersion']";

Json& add_resource(SamDraft& draft, const SamApi& api, const std::string& id, const char* type,
                   Json properties) {
  Json& made = draft.resources[id];
  made = {{"Type", type}, {"Properties", std::move(properties)}};
  pass_on_attributes(api.resource, made);
  return made;
}

/// Which of a trust store's members are not: sorted, for the refusal.
std::vector<std::string> unknown_fields(const Json& trust) {
  std::vector<std::string> unknown;
  for (const auto& [field, value] : trust.items())
    if (field != "TruststoreUri" && field != "TruststoreVersion") unknown.push_back(field);
  return unknown;
}

Json known_fields(const Json& trust) {
  Json out = Json::object();
  for (const auto& [field, value] : trust.items())
    if (sam_truth(value)) out[field] = value;
  return out;
}

/// A text, a list of them, or none.
Json base_paths(const Json& domain) {
  const Json given = sam_member(domain, "BasePath");
  if (!sam_truth(given)) return Json::array();
  if (given.is_string()) return Json::array({given});
  return given.is_array() ? given : Json::array();
}

std::string without(const std::string& text, bool (*drops)(unsigned char)) {
  std::string out;
  for (const char c : text)
    if (!drops(static_cast<unsigned char>(c))) out += c;
  return out;
}

Json alias_target(const Json& domain, const std::string& id, const Json& route) {
  Json target = Json::object();
  if (const Json health = sam_member(route, "EvaluateTargetHealth"); !health.is_null())
    target["EvaluateTargetHealth"] = health;
  const auto attribute = [&](const char* name) -> Json { return {{"Fn::GetAtt", {id, name}}}; };
  if (domain.value("EndpointConfiguration", Json("REGIONAL")) == Json("REGIONAL")) {
    target["HostedZoneId"] = attribute("RegionalHostedZoneId");
    target["DNSName"] = attribute("RegionalDomainName");
  } else {
    target["HostedZoneId"] = "Z2FDTNDATAQYW2";  // CloudFront's, everywhere
    const Json own = sam_member(route, "DistributionDomainName");
    target["DNSName"] = own.is_null() ? attribute("DistributionDomainName") : own;
  }
  return target;
}

void add_records(SamDraft& draft, const std::string& name, const SamApi& api, const Json& domain,
                 const std::string& id) {
  const Json route = sam_member(domain, "Route53");
  if (route.is_null()) return;
  const Json zone = sam_truth(sam_member(route, "HostedZoneId")) ? route["HostedZoneId"]
                                                                 : sam_member(route, "HostedZoneName");
  if (zone.is_null()) {
    draft.refuse(name,
                 "HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.");
    return;
  }
  const bool apart = !api.http && sam_truth(sam_member(route, "SeparateRecordSetGroup"));
  const std::string group = apart ? sam_id("RecordSetGroup", Json::array({zone, domain["DomainName"]}))
                                  : sam_id("RecordSetGroup", zone);
  if (!draft.resources.contains(group)) {
    Json properties{{"RecordSets", Json::array()}};
    for (const char* member : {"HostedZoneId", "HostedZoneName"}) {
      if (!sam_member(route, member).is_null()) properties[member] = route[member];
      if (api.http && properties.contains(member)) break;
    }
    add_resource(draft, api, group, "AWS::Route53::RecordSetGroup", std::move(properties));
  }
  Json& sets = draft.resources[group]["Properties"]["RecordSets"];
  for (const char* type : {"A", "AAAA"}) {
    if (type != std::string_view("A") && sam_member(route, "IpV6") != Json(true)) continue;
    Json record{
        {"Name", domain["DomainName"]}, {"Type", type}, {"AliasTarget", alias_target(domain, id, route)}};
    for (const char* member : {"Region", "SetIdentifier"})
      if (!sam_member(route, member).is_null()) record[member] = route[member];
    sets.push_back(std::move(record));
  }
}

/// True if it may stay; else it has been refused.
bool check_trust(SamDraft& draft, const std::string& name, const SamApi& api, const Json& trust) {
  if (!trust.is_object()) {
    draft.refuse(name, fmt::format("MutualTlsAuthentication must be a map with at least one of the following "
                                   "fields {}.",
                                   truststore_fields));
    return false;
  }
  if (unknown_fields(trust).empty()) return true;
  draft.refuse(name, fmt::format("Available {}MutualTlsAuthentication fields are {}.",
                                 api.http ? "" : "Domain.", truststore_fields));
  return false;
}

void add_rest_mappings(SamDraft& draft, const std::string& name, const SamApi& api, const Json& domain,
                       const std::string& id) {
  const auto map = [&](const std::string& mapping, const Json& path) {
    Json properties{
        {"DomainName", sam_ref(id)}, {"RestApiId", sam_ref(name)}, {"Stage", sam_ref(name + ".Stage")}};
    if (!path.is_null()) properties["BasePath"] = path;
    add_resource(draft, api, mapping, "AWS::ApiGateway::BasePathMapping", std::move(properties));
  };
  const Json paths = base_paths(domain);
  if (paths.empty()) map(name + "BasePathMapping", nullptr);
  const bool normalizes = domain.value("NormalizeBasePath", true);
  for (const Json& path : paths) {
    const std::string letters =
        without(path.get<std::string>(), [](unsigned char c) { return std::isalnum(c) == 0; });
    map(name + letters + "BasePathMapping", normalizes ? Json(letters) : path);
  }
}

void add_http_mappings(SamDraft& draft, const std::string& name, const SamApi& api, const Json& domain,
                       const std::string& id) {
  const auto map = [&](const std::string& mapping, const Json& key) {
    Json properties{
        {"DomainName", sam_ref(id)}, {"ApiId", sam_ref(name)}, {"Stage", sam_ref(name + ".Stage")}};
    if (!key.is_null()) properties["ApiMappingKey"] = key;
    add_resource(draft, api, mapping, "AWS::ApiGatewayV2::ApiMapping", std::move(properties));
  };
  const Json paths = base_paths(domain);
  if (paths.empty()) map(name + "ApiMapping", nullptr);
  for (const Json& each : paths) {
    const auto path = each.get<std::string>();
    const std::string letters =
        without(path, [](unsigned char c) { return c == '-' || c == '_' || c == '/'; });
    if (!std::ranges::all_of(letters, [](unsigned char c) { return std::isalnum(c) != 0; })) {
      draft.refuse(name, "Invalid Basepath name provided.");
      return;
    }
    const std::size_t first = std::min(path.find_first_not_of('/'), path.size());
    map(name + letters + "ApiMapping", path.substr(first, path.find_last_not_of('/') + 1 - first));
  }
}

void add_rest_domain(SamDraft& draft, const std::string& name, const SamApi& api, const Json& domain) {
  for (const char* member : {"DomainName", "CertificateArn"})
    if (sam_member(domain, member).is_null()) {
      draft.refuse(name, fmt::format("Property 'Domain.{}' is required.", member));
      return;
    }
  const Json endpoint = domain.value("EndpointConfiguration", Json("REGIONAL"));
  if (endpoint == Json("PRIVATE")) {
    draft.refuse(name, "Aviary has no private domain names.");
    return;
  }
  if (endpoint != Json("REGIONAL") && endpoint != Json("EDGE")) {
    draft.refuse(name,
                 "EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].");
    return;
  }
  Json properties{
      {"DomainName", domain["DomainName"]},
      {"EndpointConfiguration", {{"Types", Json::array({endpoint})}}},
      {endpoint == Json("REGIONAL") ? "RegionalCertificateArn" : "CertificateArn", domain["CertificateArn"]}};
  if (const Json address = sam_member(domain, "IpAddressType"); sam_truth(address))
    properties["EndpointConfiguration"]["IpAddressType"] = address;
  if (const Json trust = sam_member(domain, "MutualTlsAuthentication"); sam_truth(trust)) {
    if (!check_trust(draft, name, api, trust)) return;
    properties["MutualTlsAuthentication"] = known_fields(trust);
  }
  for (const char* member :
       {"SecurityPolicy", "EndpointAccessMode", "Policy", "OwnershipVerificationCertificateArn"})
    if (sam_truth(sam_member(domain, member))) properties[member] = domain[member];
  const std::string id = sam_id("ApiGatewayDomainName", domain["DomainName"]);
  add_resource(draft, api, id, "AWS::ApiGateway::DomainName", std::move(properties));
  add_rest_mappings(draft, name, api, domain, id);
  add_records(draft, name, api, domain, id);
}

void add_http_domain(SamDraft& draft, const std::string& name, const SamApi& api, const Json& domain) {
  if (sam_member(domain, "DomainName").is_null() || sam_member(domain, "CertificateArn").is_null()) {
    draft.refuse(name, "Custom Domains only works if both DomainName and CertificateArn are provided.");
    return;
  }
  const Json endpoint = domain.value("EndpointConfiguration", Json("REGIONAL"));
  if (endpoint != Json("REGIONAL")) {
    draft.refuse(name, "EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].");
    return;
  }
  Json configuration{{"CertificateArn", domain["CertificateArn"]}, {"EndpointType", endpoint}};
  for (const char* member : {"OwnershipVerificationCertificateArn", "SecurityPolicy"})
    if (sam_truth(sam_member(domain, member))) configuration[member] = domain[member];
  Json properties{{"DomainName", domain["DomainName"]},
                  {"DomainNameConfigurations", Json::array({std::move(configuration)})},
                  {"Tags", {{"httpapi:createdBy", "SAM"}}}};
  if (const Json trust = sam_member(domain, "MutualTlsAuthentication"); sam_truth(trust)) {
    if (!check_trust(draft, name, api, trust)) return;
    properties["MutualTlsAuthentication"] = known_fields(trust);
  }
  const std::string id = sam_id("ApiGatewayDomainNameV2", domain["DomainName"]);
  add_resource(draft, api, id, "AWS::ApiGatewayV2::DomainName", std::move(properties));
  add_http_mappings(draft, name, api, domain, id);
  add_records(draft, name, api, domain, id);
}

}  // namespace

void add_api_domain(SamDraft& draft, const std::string& name, const SamApi& api) {
  const Json domain = with_parameters(sam_member(api.properties, "Domain"), draft.parameters);
  if (domain.is_null()) return;
  if (!domain.is_object()) {
    draft.refuse(name, "Property 'Domain' should be a map.");
    return;
  }
  for (const Json& path : base_paths(domain))
    if (!path.is_string()) {
      draft.refuse(name, api.http ? "Basepath must be a string."
                                  : "Property 'Domain.BasePath' should be a list of strings.");
      return;
    }
  if (api.http) {
    add_http_domain(draft, name, api, domain);
  } else {
    add_rest_domain(draft, name, api, domain);
  }
}

}  // namespace aviary::cloudformation
