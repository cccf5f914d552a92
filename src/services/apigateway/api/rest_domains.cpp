#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "services/apigateway/api/domain_records.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/identifiers.hpp"

/// Domain names of API Gateway v1, and which REST API is at which path below them.
namespace aviary::apigateway {
namespace {

/// How v1 calls the mapping of everything.
constexpr std::string_view no_path = "(none)";

std::string key_of_path(std::string_view base_path) {
  return base_path == no_path ? std::string() : std::string(base_path);
}

Json sent_mapping(const Json& mapping) {
  const std::string& key = text_of(mapping, "ApiMappingKey");
  Json sent{{"basePath", key.empty() ? std::string(no_path) : key}, {"restApiId", mapping.at("ApiId")}};
  if (!text_of(mapping, "Stage").empty()) sent["stage"] = mapping["Stage"];
  return sent;
}

/// The type of endpoint that a call asks for.
std::string type_asked_for(const Json& input) {
  const Json endpoints = input.value("endpointConfiguration", Json::object());
  const std::vector<std::string> types = texts_of(endpoints, "types");
  if (!types.empty()) return types.front();
  return text_of(input, "regionalCertificateArn").empty() ? "EDGE" : "REGIONAL";
}

/// What v1 and its patches spell their way.
void set_truststore(Json& record, const char* member, const Json& value) {
  record["truststore"][member] = value;
}

Result<> apply_domain_patch(Json& record, const Json& operation) {
  struct Row {
    std::string_view path;
    const char* member;
  };
  static constexpr Row rows[] = {{"/certificateArn", "certificate"},
                                 {"/regionalCertificateArn", "certificate"},
                                 {"/certificateName", "certificate_name"},
                                 {"/regionalCertificateName", "certificate_name"},
                                 {"/securityPolicy", "security"},
                                 {"/endpointConfiguration/ipAddressType", "ip"},
                                 {"/ownershipVerificationCertificateArn", "ownership"},
                                 {"/routingMode", "routing"}};
  const std::string& path = text_of(operation, "path");
  const std::string& op = text_of(operation, "op");
  const std::string& value = text_of(operation, "value");
  if (op != "replace" && op != "add" && op != "remove")
    return rest_bad_request("Invalid patch operation specified. Must be one of: [add, remove, replace]");
  if (path == "/mutualTlsAuthentication/truststoreUri" ||
      path == "/mutualTlsAuthentication/truststoreVersion") {
    set_truststore(record, path.ends_with("Uri") ? "TruststoreUri" : "TruststoreVersion",
                   op == "remove" ? Json() : Json(value));
    return {};
  }
  if (path.starts_with("/endpointConfiguration/types/") && op != "remove") {
    if (value != "EDGE" && value != "REGIONAL")
      return rest_bad_request("Invalid endpoint types specified. Valid options are EDGE, REGIONAL");
    record["type"] = value;
    return {};
  }
  const auto* row = std::ranges::find(rows, path, &Row::path);
  if (row == std::end(rows))
    return rest_bad_request(fmt::format("Invalid patch path  '{}' specified for op '{}'", path, op));
  if (op == "remove") {
    // Of these there is always one.
    if (path == "/endpointConfiguration/ipAddressType" || path == "/routingMode" || path == "/securityPolicy")
      return rest_bad_request(fmt::format("Invalid patch path  '{}' specified for op '{}'", path, op));
    record.erase(row->member);
  } else if (value.empty()) {
    return rest_bad_request(fmt::format("Invalid null or empty value in {}", path));
  } else {
    record[row->member] = value;
  }
  return {};
}

}  // namespace

Result<Json> RestApiService::domain_of(const Call& call) const {
  const Json* record = domains_.find(call.account, call.region, text_of(call.input, "domainName"));
  if (record == nullptr) return rest_not_found("Invalid domain name identifier specified");
  return *record;
}

Result<Reply> RestApiService::create_domain(Call& call) {
  const std::string name = text_of(call.input, "domainName");
  if (!is_domain_name(name)) return rest_bad_request("The domain name you provided is not valid.");
  const std::string type = type_asked_for(call.input);
  if (type == "PRIVATE") return rest_not_there("private domain names");
  if (type != "EDGE" && type != "REGIONAL")
    return rest_bad_request("Invalid endpoint types specified. Valid options are EDGE, PRIVATE, REGIONAL");
  for (const char* body : {"certificateBody", "certificatePrivateKey", "certificateChain"})
    if (!text_of(call.input, body).empty()) return rest_not_there("certificates without Certificate Manager");
  if (domains_.is_taken(name)) return rest_conflict("The domain name you provided already exists.");
  Json record = new_domain(call, ids_, name, type);
  const bool edge = type == "EDGE";
  for (const auto& [from, to] :
       {std::pair{edge ? "certificateArn" : "regionalCertificateArn", "certificate"},
        std::pair{edge ? "certificateName" : "regionalCertificateName", "certificate_name"},
        std::pair{"securityPolicy", "security"}, std::pair{"routingMode", "routing"},
        std::pair{"ownershipVerificationCertificateArn", "ownership"}, std::pair{"tags", "tags"}})
    if (const Json* value = find_member(call.input, from)) record[to] = *value;
  const Json endpoints = call.input.value("endpointConfiguration", Json::object());
  if (const Json* ip = find_member(endpoints, "ipAddressType")) record["ip"] = *ip;
  if (const Json* tls = find_member(call.input, "mutualTlsAuthentication"))
    for (const auto& [from, to] :
         {std::pair{"truststoreUri", "TruststoreUri"}, std::pair{"truststoreVersion", "TruststoreVersion"}})
      if (const Json* value = find_member(*tls, from)) set_truststore(record, to, *value);
  Reply reply{.output = rest_domain(record)};
  domains_.put(name, std::move(record));
  return reply;
}

Result<Reply> RestApiService::get_domain(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  return Reply{.output = rest_domain(*record)};
}

Result<Reply> RestApiService::get_domains(Call& call) {
  Json items = Json::array();
  for (const Json* record : domains_.all(call.account, call.region)) items.push_back(rest_domain(*record));
  return rest_page(call, std::move(items), "domainName");
}

Result<Reply> RestApiService::update_domain(Call& call) {
  Result<Json> record = domain_of(call);
  if (!record) return record.error();
  for (const Json& operation : call.input.value("patchOperations", Json::array()))
    if (const Result<> fine = apply_domain_patch(*record, operation); !fine) return fine.error();
  Reply reply{.output = rest_domain(*record)};
  const std::string name = text_of(*record, "name");
  domains_.put(name, std::move(*record));
  return reply;
}

Result<Reply> RestApiService::delete_domain(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  domains_.erase(text_of(*record, "name"));
  return Reply{};
}

Result<> RestApiService::check_mapping(const Call& call, const std::string& name, const Json& mapping) const {
  const std::string& api = text_of(mapping, "ApiId");
  const std::string& stage = text_of(mapping, "Stage");
  const std::string& key = text_of(mapping, "ApiMappingKey");
  if (domains_.kind_of(call.account, call.region, api) != Domains::Kind::Rest)
    return rest_bad_request("Invalid REST API identifier specified");
  if (!stage.empty() && !domains_.has_stage(api, stage))
    return rest_bad_request("Invalid stage identifier specified");
  if (key.find('/') != std::string::npos)
    return rest_bad_request(
        "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a "
        "multi-level base path mapping, use API Gateway V2.");
  const Json* same = domains_.mapping_at(name, key);
  if (same != nullptr && text_of(*same, "ApiMappingId") != text_of(mapping, "ApiMappingId"))
    return rest_conflict("Base path already exists for this domain name");
  return {};
}

Result<Reply> RestApiService::create_base_path(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  const std::string name = text_of(*record, "name");
  Json mapping{{"ApiMappingId", new_id(ids_, 6)},
               {"ApiId", text_of(call.input, "restApiId")},
               {"ApiMappingKey", key_of_path(text_of(call.input, "basePath"))},
               {"Stage", text_of(call.input, "stage")}};
  if (const Result<> fine = check_mapping(call, name, mapping); !fine) return fine.error();
  Reply reply{.output = sent_mapping(mapping)};
  domains_.put_mapping(name, std::move(mapping));
  return reply;
}

Result<Json> RestApiService::base_path_of(const Call& call) const {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  const Json* found =
      domains_.mapping_at(text_of(*record, "name"), key_of_path(text_of(call.input, "basePath")));
  if (found == nullptr) return rest_not_found("Invalid base path mapping identifier specified");
  return *found;
}

Result<Reply> RestApiService::get_base_path(Call& call) {
  const Result<Json> mapping = base_path_of(call);
  if (!mapping) return mapping.error();
  return Reply{.output = sent_mapping(*mapping)};
}

Result<Reply> RestApiService::get_base_paths(Call& call) {
  const Result<Json> record = domain_of(call);
  if (!record) return record.error();
  Json items = Json::array();
  for (const Json* mapping : domains_.mappings(text_of(*record, "name")))
    items.push_back(sent_mapping(*mapping));
  return rest_page(call, std::move(items), "basePath");
}

Result<Reply> RestApiService::update_base_path(Call& call) {
  Result<Json> mapping = base_path_of(call);
  if (!mapping) return mapping.error();
  static constexpr PatchRule rules[] = {{"/basePath"}, {"/restapiId"}, {"/restApiId"}, {"/stage"}};
  Result<Json> patched = rest_patched(call, Json::object(), rules);
  if (!patched) return patched.error();
  for (const auto& [from, to] :
       {std::pair{"restapiId", "ApiId"}, std::pair{"restApiId", "ApiId"}, std::pair{"stage", "Stage"}})
    if (patched->contains(from)) (*mapping)[to] = (*patched)[from];
  if (patched->contains("basePath")) (*mapping)["ApiMappingKey"] = key_of_path(text_of(*patched, "basePath"));
  const std::string name = text_of(call.input, "domainName");
  if (const Result<> fine = check_mapping(call, name, *mapping); !fine) return fine.error();
  Reply reply{.output = sent_mapping(*mapping)};
  domains_.put_mapping(name, std::move(*mapping));
  return reply;
}

Result<Reply> RestApiService::delete_base_path(Call& call) {
  const Result<Json> mapping = base_path_of(call);
  if (!mapping) return mapping.error();
  domains_.erase_mapping(text_of(call.input, "domainName"), text_of(*mapping, "ApiMappingId"));
  return Reply{};
}

}  // namespace aviary::apigateway
