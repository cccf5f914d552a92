#include <fmt/format.h>

#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/rest_api_properties.hpp"

/// Domain names of APIs, and what is mapped below them, of both kinds.
namespace aviary::cloudformation {
namespace {

Step domain_call(const char* operation, Json input, bool removes = false) {
  return {.service = "apigatewayv2",
          .operation = operation,
          .input = std::move(input),
          .absent_is_fine = removes};
}

Steps create_rest_domain(const Context&, const Json& properties) {
  Json input =
      small_properties(properties, {"DomainName", "CertificateArn", "RegionalCertificateArn",
                                    "SecurityPolicy", "RoutingMode", "OwnershipVerificationCertificateArn"});
  for (const char* name : {"EndpointConfiguration", "MutualTlsAuthentication"})
    if (properties.contains(name)) input[with_small_letter(name)] = with_small_letters(properties[name]);
  if (properties.contains("Tags")) input["tags"] = tag_map(properties["Tags"]);
  return {rest_call("CreateDomainName", std::move(input))};
}
Made made_rest_domain(const Context&, const Json&, const std::vector<Json>& outputs) {
  Json attributes = Json::object();
  for (const char* name : {"DistributionDomainName", "DistributionHostedZoneId", "RegionalDomainName",
                           "RegionalHostedZoneId", "DomainNameArn"})
    if (const std::string text = outputs[0].value(with_small_letter(name), ""); !text.empty())
      attributes[name] = text;
  return {outputs[0].value("domainName", ""), std::move(attributes)};
}
Steps update_rest_domain(const Context& context, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const char* name : {"CertificateArn", "RegionalCertificateArn", "SecurityPolicy", "RoutingMode",
                           "OwnershipVerificationCertificateArn"})
    if (differs(existing.properties, wanted, name))
      patches.push_back(wanted.contains(name) ? rest_patch("replace", "/" + with_small_letter(name),
                                                           property_text(wanted, name))
                                              : rest_patch("remove", "/" + with_small_letter(name), ""));
  const Json tls = wanted.value("MutualTlsAuthentication", Json::object());
  if (differs(existing.properties, wanted, "MutualTlsAuthentication"))
    for (const auto& [name, value] : tls.items())
      patches.push_back(
          rest_patch("replace", "/mutualTlsAuthentication/" + with_small_letter(name), document_text(value)));
  Steps steps;
  if (!patches.empty())
    steps.push_back(rest_call(
        "UpdateDomainName", {{"domainName", existing.physical_id}, {"patchOperations", std::move(patches)}}));
  if (differs(existing.properties, wanted, "Tags")) {
    const std::string arn =
        fmt::format("arn:aws:apigateway:{}::/domainnames/{}", context.region, existing.physical_id);
    const Json after = tag_map(wanted.value("Tags", Json::array()));
    Json gone = Json::array();
    const Json before = tag_map(existing.properties.value("Tags", Json::array()));
    for (const auto& [key, value] : before.items())
      if (!after.contains(key)) gone.push_back(key);
    if (!gone.empty()) steps.push_back(rest_call("UntagResource", {{"resourceArn", arn}, {"tagKeys", gone}}));
    if (!after.empty()) steps.push_back(rest_call("TagResource", {{"resourceArn", arn}, {"tags", after}}));
  }
  return steps;
}
Steps remove_rest_domain(const Context&, const Existing& existing) {
  return {rest_call("DeleteDomainName", {{"domainName", existing.physical_id}}, true)};
}

/// `(none)`: everything below the name.
std::string base_path_in(const Json& properties) {
  const std::string path = property_text(properties, "BasePath");
  return path.empty() ? "(none)" : path;
}
Steps create_base_path(const Context&, const Json& properties) {
  return {rest_call("CreateBasePathMapping",
                    small_properties(properties, {"DomainName", "BasePath", "RestApiId", "Stage"}))};
}
Made made_base_path(const Context&, const Json& properties, const std::vector<Json>&) {
  return {
      fmt::format("{}|{}", property_text(properties, "DomainName"), property_text(properties, "BasePath")),
      Json::object()};
}
Steps update_base_path(const Context&, const Existing& existing, const Json& wanted) {
  Json patches = Json::array();
  for (const auto& [name, path] : {std::pair{"RestApiId", "/restapiId"}, std::pair{"Stage", "/stage"}})
    if (differs(existing.properties, wanted, name))
      patches.push_back(rest_patch("replace", path, property_text(wanted, name)));
  return {rest_call("UpdateBasePathMapping", {{"domainName", property_text(wanted, "DomainName")},
                                              {"basePath", base_path_in(wanted)},
                                              {"patchOperations", std::move(patches)}})};
}
Steps remove_base_path(const Context&, const Existing& existing) {
  return {rest_call("DeleteBasePathMapping",
                    {{"domainName", property_text(existing.properties, "DomainName")},
                     {"basePath", base_path_in(existing.properties)}},
                    true)};
}

Steps create_http_domain(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input,
                  {"DomainName", "DomainNameConfigurations", "MutualTlsAuthentication", "RoutingMode"});
  if (properties.contains("Tags")) input["Tags"] = tag_map(properties["Tags"]);
  return {domain_call("CreateDomainName", std::move(input))};
}
Made made_http_domain(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string name = outputs[0].value("DomainName", "");
  Json attributes{{"DomainName", name}, {"DomainNameArn", outputs[0].value("DomainNameArn", "")}};
  const Json configurations = outputs[0].value("DomainNameConfigurations", Json::array());
  if (!configurations.empty()) {
    attributes["RegionalDomainName"] = configurations[0].value("ApiGatewayDomainName", "");
    attributes["RegionalHostedZoneId"] = configurations[0].value("HostedZoneId", "");
  }
  return {name, std::move(attributes)};
}
Steps update_http_domain(const Context& context, const Existing& existing, const Json& wanted) {
  Json input{{"DomainName", existing.physical_id}};
  copy_properties(wanted, input, {"DomainNameConfigurations", "MutualTlsAuthentication", "RoutingMode"});
  Steps steps{domain_call("UpdateDomainName", std::move(input))};
  if (differs(existing.properties, wanted, "Tags") && wanted.contains("Tags"))
    steps.push_back(
        domain_call("TagResource", {{"ResourceArn", fmt::format("arn:aws:apigateway:{}::/domainnames/{}",
                                                                context.region, existing.physical_id)},
                                    {"Tags", tag_map(wanted["Tags"])}}));
  return steps;
}
Steps remove_http_domain(const Context&, const Existing& existing) {
  return {domain_call("DeleteDomainName", {{"DomainName", existing.physical_id}}, true)};
}

Steps create_api_mapping(const Context&, const Json& properties) {
  Json input = Json::object();
  copy_properties(properties, input, {"DomainName", "ApiId", "ApiMappingKey", "Stage"});
  return {domain_call("CreateApiMapping", std::move(input))};
}
Made made_api_mapping(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string id = outputs[0].value("ApiMappingId", "");
  return {id, {{"ApiMappingId", id}}};
}
Steps update_api_mapping(const Context&, const Existing& existing, const Json& wanted) {
  Json input{{"ApiMappingId", existing.physical_id},
             {"ApiMappingKey", property_text(wanted, "ApiMappingKey")}};
  copy_properties(wanted, input, {"DomainName", "ApiId", "Stage"});
  return {domain_call("UpdateApiMapping", std::move(input))};
}
Steps remove_api_mapping(const Context&, const Existing& existing) {
  return {domain_call("DeleteApiMapping",
                      {{"DomainName", property_text(existing.properties, "DomainName")},
                       {"ApiMappingId", existing.physical_id}},
                      true)};
}

}  // namespace

std::span<const ResourceType> domain_types() {
  static const ResourceType types[] = {
      {"AWS::ApiGateway::DomainName",
       {"DomainName", "EndpointConfiguration"},
       create_rest_domain,
       made_rest_domain,
       update_rest_domain,
       remove_rest_domain},
      {"AWS::ApiGateway::BasePathMapping",
       {"DomainName", "BasePath"},
       create_base_path,
       made_base_path,
       update_base_path,
       remove_base_path},
      {"AWS::ApiGatewayV2::DomainName",
       {"DomainName"},
       create_http_domain,
       made_http_domain,
       update_http_domain,
       remove_http_domain},
      {"AWS::ApiGatewayV2::ApiMapping",
       {"DomainName"},
       create_api_mapping,
       made_api_mapping,
       update_api_mapping,
       remove_api_mapping},
  };
  return types;
}

}  // namespace aviary::cloudformation
