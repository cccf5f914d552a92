#include "services/apigateway/api/payload_1.hpp"

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "wire/query_string.hpp"

namespace aviary::apigateway {
namespace {

struct Folded {
  OrderedJson last = OrderedJson::object();
  OrderedJson all = OrderedJson::object();
};

Folded folded(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Folded out;
  for (const auto& [name, value] : pairs) {
    out.last[name] = value;
    if (!out.all.contains(name)) out.all[name] = OrderedJson::array();
    out.all[name].push_back(value);
  }
  return out;
}

OrderedJson null_if_empty(OrderedJson value) { return value.empty() ? OrderedJson(nullptr) : value; }

}  // namespace

OrderedJson payload_head_1(const wire::Request& request, const PayloadCall& call,
                           const std::string& resource) {
  const Folded headers = folded(forwarded_headers(request, call.trace_id));
  const Folded query = folded(wire::parse_parameters(call.query));
  OrderedJson event;
  event["version"] = "1.0";
  event["resource"] = resource;
  event["path"] = call.path;
  event["httpMethod"] = request.method;
  event["headers"] = headers.last;
  event["multiValueHeaders"] = headers.all;
  event["queryStringParameters"] = null_if_empty(query.last);
  event["multiValueQueryStringParameters"] = null_if_empty(query.all);
  OrderedJson& context = event["requestContext"];
  context["accountId"] = call.account;
  context["apiId"] = call.api_id;
  if (!call.authorizer.is_null()) context["authorizer"] = call.authorizer;
  context["domainName"] = request.header("host");
  context["domainPrefix"] = call.domain_prefix.empty() ? call.api_id : call.domain_prefix;
  context["extendedRequestId"] = call.extended_id.empty() ? call.request_id : call.extended_id;
  context["httpMethod"] = request.method;
  OrderedJson& identity = context["identity"];
  for (const char* name :
       {"accessKey", "accountId", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId"})
    identity[name] = nullptr;
  identity["sourceIp"] = "127.0.0.1";
  identity["user"] = nullptr;
  identity["userAgent"] = request.header("user-agent");
  identity["userArn"] = nullptr;
  context["path"] = call.path;
  context["protocol"] = "HTTP/1.1";
  context["requestId"] = call.request_id;
  context["requestTime"] = common_log_time(call.now);
  context["requestTimeEpoch"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.now.time_since_epoch()).count();
  context["resourceId"] = nullptr;
  context["resourcePath"] = resource;
  context["stage"] = call.stage;
  event["pathParameters"] = null_if_empty(call.path_parameters);
  event["stageVariables"] = null_if_empty(call.stage_variables);
  return event;
}

OrderedJson payload_event_1(const wire::Request& request, const PayloadCall& call,
                            const std::string& resource) {
  OrderedJson event = payload_head_1(request, call, resource);
  bool encoded = false;
  event["body"] = nullptr;
  if (!request.body.empty()) {
    encoded = !is_text_type(request.header("content-type")) || !is_utf8(request.body);
    event["body"] = encoded ? base64_encode(request.body) : request.body;
  }
  event["isBase64Encoded"] = encoded;
  return event;
}

std::optional<wire::Response> payload_answer_1(const std::string& payload) {
  const Json answer = parse_bounded<Json>(payload);
  if (!answer.is_object() || !answer.contains("statusCode")) return std::nullopt;
  Json plain = answer;
  plain.erase("cookies");
  const Json lists = answer.value("multiValueHeaders", Json());
  if (!lists.is_null() && !lists.is_object()) return std::nullopt;
  if (lists.is_object() && plain.contains("headers") && plain["headers"].is_object())
    for (const auto& [name, values] : lists.items()) plain["headers"].erase(name);
  std::optional<wire::Response> response = explicit_answer(plain);
  if (!response || !lists.is_object()) return response;
  for (const auto& [name, values] : lists.items()) {
    if (!values.is_array()) return std::nullopt;
    if (wire::equals_ignoring_case(name, "content-type"))
      std::erase_if(response->headers, [](const auto& header) {
        return wire::equals_ignoring_case(header.first, "content-type");
      });
    for (const Json& value : values)
      response->set(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return response;
}

}  // namespace aviary::apigateway
