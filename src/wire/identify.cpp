#include <algorithm>

#include "wire/cbor_codec.hpp"
#include "wire/protocol.hpp"
#include "wire/query_codec.hpp"
#include "wire/query_string.hpp"
#include "wire/router.hpp"

namespace aviary::wire {
namespace {

using models::Protocol;
using models::Service;
using Services = std::span<const Service* const>;

bool speaks(const Service& service, Protocol protocol) {
  return std::ranges::find(service.protocols, protocol) != service.protocols.end();
}

std::optional<Protocol> rest_protocol(const Service& service) {
  for (const Protocol protocol : service.protocols)
    if (protocol == Protocol::RestJson || protocol == Protocol::RestXml) return protocol;
  return std::nullopt;
}

/// By the header that every such request must have; also without it if path and body are what it would say.
bool is_cbor(const Request& request) {
  if (request.has_header("smithy-protocol")) return request.header("smithy-protocol") == "rpc-v2-cbor";
  return request.header("content-type").starts_with("application/cbor") &&
         !smithy_path(request.path()).service.empty();
}

/// What the request says of its protocol, among those that the service speaks.
Protocol protocol_of(const Request& request, const Service& service) {
  if (is_cbor(request) && speaks(service, Protocol::RpcV2Cbor)) return Protocol::RpcV2Cbor;
  if (request.has_header("x-amz-target")) {
    const bool v1_0 = request.header("content-type").starts_with("application/x-amz-json-1.0");
    for (const Protocol protocol :
         {v1_0 ? Protocol::AwsJson10 : Protocol::AwsJson11, Protocol::AwsJson10, Protocol::AwsJson11})
      if (speaks(service, protocol)) return protocol;
  }
  for (const Protocol protocol : {Protocol::Query, Protocol::Ec2})
    if (speaks(service, protocol) && (is_form(request) || query_value(request.query(), "Action")))
      return protocol;
  if (const std::optional<Protocol> rest = rest_protocol(service)) return *rest;
  // Whoever sent this shall at least be able to read the answer.
  for (const Protocol protocol : service.protocols)
    if (protocol != Protocol::RpcV2Cbor) return protocol;
  return service.protocols.front();
}

const Service* by_target_prefix(std::string_view prefix, Services services) {
  if (prefix.empty()) return nullptr;
  const auto found = std::ranges::find(services, prefix, &Service::target_prefix);
  return found != services.end() ? *found : nullptr;
}

/// `X-Amz-Target: CodeDeploy_20141006.CreateDeployment`
const Service* by_target(const Request& request, Services services) {
  const std::string_view target = request.header("x-amz-target");
  return by_target_prefix(target.substr(0, target.rfind('.')), services);
}

/// `/service/GraniteServiceVersion20100801/operation/PutMetricData`
const Service* by_smithy_path(const Request& request, Services services) {
  return is_cbor(request) ? by_target_prefix(smithy_path(request.path()).service, services) : nullptr;
}

/// The only service that has the path, among those that name it literally or those that take any
/// (`/{Bucket}`).
const Service* by_path_of(const Request& request, Services services, bool literally) {
  const Service* only = nullptr;
  for (const Service* service : services) {
    if (!rest_protocol(*service)) continue;
    const Router::Found found = Router::of(*service).find(request.method, request.path(), request.query());
    if (found.operation == nullptr || found.starts_literally != literally) continue;
    if (only != nullptr) return nullptr;
    only = service;
  }
  return only;
}

const Service* by_path(const Request& request, Services services) {
  return by_path_of(request, services, true);
}

const Service* by_any_path(const Request& request, Services services) {
  return by_path_of(request, services, false);
}

/// `Action=…&Version=2012-11-05`
const Service* by_form(const Request& request, Services services) {
  const std::string_view form = is_form(request) ? std::string_view(request.body) : request.query();
  const std::optional<std::string> action = query_value(form, "Action");
  if (!action) return nullptr;
  const std::string version = query_value(form, "Version").value_or("");
  const Service* found = nullptr;
  for (const Service* service : services) {
    if (!speaks(*service, Protocol::Query) && !speaks(*service, Protocol::Ec2)) continue;
    if (!version.empty() && service->api_version != version) continue;
    if (service->find_operation(*action) == nullptr) continue;
    if (found != nullptr) return nullptr;
    found = service;
  }
  return found;
}

/// `lambda.us-east-1.amazonaws.com`, `sqs.us-east-1.localhost:4566`
const Service* by_host(const Request& request, Services services) {
  const std::string_view host = request.header("host");
  const std::string_view first = host.substr(0, host.find_first_of(".:"));
  if (first.size() == host.size()) return nullptr;
  // The bucket comes first: `photos.s3.us-east-1.amazonaws.com`.
  const bool of_bucket = host.find(".s3.") != std::string_view::npos;
  const auto found = std::ranges::find_if(services, [&](const Service* service) {
    if (of_bucket) return service->id == "s3";
    return service->id == first || service->signing_name == first;
  });
  return found != services.end() ? *found : nullptr;
}

}  // namespace

std::optional<Target> identify(const Request& request, Services services) {
  if (const std::optional<CredentialScope> scope = credential_scope(request)) {
    // Some services share a signing name; the other marks then say which.
    std::vector<const Service*> signed_for;
    for (const Service* service : services)
      if (service->signing_name == scope->service) signed_for.push_back(service);
    if (signed_for.empty()) return std::nullopt;
    const Service* service = signed_for.front();
    if (signed_for.size() > 1) {
      for (const auto mark : {by_target, by_smithy_path, by_form, by_path})
        if (const Service* marked = mark(request, signed_for)) {
          service = marked;
          break;
        }
    }
    return Target{service, protocol_of(request, *service)};
  }
  for (const auto mark : {by_target, by_smithy_path, by_path, by_form, by_host, by_any_path})
    if (const Service* service = mark(request, services))
      return Target{service, protocol_of(request, *service)};
  return std::nullopt;
}

}  // namespace aviary::wire
