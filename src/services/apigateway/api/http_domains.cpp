#include <fmt/format.h>

#include "base/document.hpp"
#include "models/apigatewayv2.hpp"
#include "services/apigateway/api/domain_records.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing_rules.hpp"
#include "wire/protocol.hpp"

/// Domain names of API Gateway v2, and which API, of either kind, is at which path below them.
namespace aviary::apigateway {
namespace {

namespace errors = models::apigatewayv2::errors;

AwsError bad_domain(std::string text) { return {errors::BadRequestException, std::move(text)}; }
AwsError no_such_domain() { return {errors::NotFoundException, "Invalid domain name identifier specified"}; }

/// What a call says about the one configuration that a name has.
Result<> take_configuration(const Json& input, Json& record) {
  const Json configurations = input.value("DomainNameConfigurations", Json::array());
  if (configurations.size() > 1)
    return bad_domain("Only one DomainNameConfiguration may be specified for a domain name");
  if (configurations.empty()) return {};
  const Json& given = configurations[0];
  if (text_of(given, "EndpointType") == "EDGE")
    return bad_domain("Edge-optimized domain names are not supported by API Gateway V2");
  for (const auto& [from, to] :
       {std::pair{"CertificateArn", "certificate"}, std::pair{"CertificateName", "certificate_name"},
        std::pair{"SecurityPolicy", "security"}, std::pair{"IpAddressType", "ip"},
        std::pair{"OwnershipVerificationCertificateArn", "ownership"}})
    if (const Json* value = find_member(given, from)) record[to] = *value;
  return {};
}

void take_common(const Json& input, Json& record) {
  for (const auto& [from, to] : {std::pair{"RoutingMode", "routing"}, std::pair{"Tags", "tags"},
                                 std::pair{"MutualTlsAuthentication", "truststore"}})
    if (const Json* value = find_member(input, from)) record[to] = *value;
}

Json sent_api_mapping(const Json& mapping) {
  Json sent = mapping;
  if (text_of(mapping, "ApiMappingKey").empty()) sent["ApiMappingKey"] = "";
  return sent;
}

}  // namespace

Result<Json> HttpApiService::domain_of(const Call& call) const {
  const Json* record = domains_.find(call.account, call.region, text_of(call.input, "DomainName"));
  if (record == nullptr) return no_such_domain();
  return *record;
}

Result<Reply> HttpApiService::create_domain(Call& call) {
  const std::string name = text_of(call.input, "DomainName");
  if (!is_domain_name(name)) return bad_domain("The domain name you provided is not valid.");
  if (call.input.value("DomainNameConfigurations", Json::array()).empty())
    return bad_domain("DomainNameConfigurations must be specified");
  Json record = new_domain(call, ids_, name, "REGIONAL");
  if (const Result<> fine = take_configuration(call.input, record); !fine) return fine.error();
  if (domains_.is_taken(name))
    return AwsError(errors::ConflictException, "The domain name you provided already exists.");
  take_common(call.input, record);
  Reply reply{.output = http_domain(record)};
  domains_.put(name, std::move(record));
  return reply;
}

Result<Reply> HttpApiService::get_domain(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  return Reply{.output = http_domain(*record)};
}

Result<Reply> HttpApiService::get_domains(Call& call) {
  Json items = Json::array();
  for (const Json* record : domains_.all(call.account, call.region)) items.push_back(http_domain(*record));
  return Reply{.output = {{"Items", std::move(items)}}};
}

Result<Reply> HttpApiService::update_domain(Call& call) {
  Result<Json> record = domain_of(call);
  if (!record) return record.error();
  if (const Result<> fine = take_configuration(call.input, *record); !fine) return fine.error();
  take_common(call.input, *record);
  Reply reply{.output = http_domain(*record)};
  const std::string name = text_of(*record, "name");
  domains_.put(name, std::move(*record));
  return reply;
}

Result<Reply> HttpApiService::delete_domain(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  domains_.erase(text_of(*record, "name"));
  return Reply{};
}

Result<> HttpApiService::check_mapping(const Call& call, const std::string& name, const Json& mapping) const {
  const std::string& api = text_of(mapping, "ApiId");
  const std::string& key = text_of(mapping, "ApiMappingKey");
  if (domains_.kind_of(call.account, call.region, api) == Domains::Kind::None)
    return bad_domain("Invalid API identifier specified");
  if (!domains_.has_stage(api, text_of(mapping, "Stage")))
    return bad_domain("Invalid stage identifier specified");
  if (!is_mapping_key(key)) return bad_domain("API mapping key is not valid");
  const Json* same = domains_.mapping_at(name, key);
  if (same != nullptr && text_of(*same, "ApiMappingId") != text_of(mapping, "ApiMappingId"))
    return AwsError(errors::ConflictException, "ApiMapping key already exists for this domain name");
  return {};
}

Result<Reply> HttpApiService::create_mapping(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  const std::string name = text_of(*record, "name");
  Json mapping{{"ApiMappingId", new_id(ids_, 6)},
               {"ApiId", text_of(call.input, "ApiId")},
               {"ApiMappingKey", text_of(call.input, "ApiMappingKey")},
               {"Stage", text_of(call.input, "Stage")}};
  if (const Result<> fine = check_mapping(call, name, mapping); !fine) return fine.error();
  Reply reply{.output = sent_api_mapping(mapping)};
  domains_.put_mapping(name, std::move(mapping));
  return reply;
}

Result<Json> HttpApiService::mapping_of(const Call& call) const {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  const Json* found = domains_.find_mapping(text_of(*record, "name"), text_of(call.input, "ApiMappingId"));
  if (found == nullptr)
    return AwsError(errors::NotFoundException, "Invalid API mapping identifier specified");
  return *found;
}

Result<Reply> HttpApiService::get_mapping(Call& call) {
  const Result<Json> mapping = mapping_of(call);
  if (!mapping) return mapping.error();
  return Reply{.output = sent_api_mapping(*mapping)};
}

Result<Reply> HttpApiService::get_mappings(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  Json items = Json::array();
  for (const Json* mapping : domains_.mappings(text_of(*record, "name")))
    items.push_back(sent_api_mapping(*mapping));
  return Reply{.output = {{"Items", std::move(items)}}};
}

Result<Reply> HttpApiService::update_mapping(Call& call) {
  Result<Json> mapping = mapping_of(call);
  if (!mapping) return mapping.error();
  for (const char* member : {"ApiId", "ApiMappingKey", "Stage"})
    if (const Json* value = find_member(call.input, member)) (*mapping)[member] = *value;
  const std::string name = text_of(call.input, "DomainName");
  if (const Result<> fine = check_mapping(call, name, *mapping); !fine) return fine.error();
  Reply reply{.output = sent_api_mapping(*mapping)};
  domains_.put_mapping(name, std::move(*mapping));
  return reply;
}

Result<Reply> HttpApiService::delete_mapping(Call& call) {
  const Result<Json> mapping = mapping_of(call);
  if (!mapping) return mapping.error();
  domains_.erase_mapping(text_of(call.input, "DomainName"), text_of(*mapping, "ApiMappingId"));
  return Reply{};
}

}  // namespace aviary::apigateway
