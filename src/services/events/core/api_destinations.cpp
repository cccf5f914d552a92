#include "services/events/core/api_destinations.hpp"

#include <map>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"

namespace aviary::events {
namespace {

using Parameters = std::map<std::string, std::string>;

const Json& part_of(const Json& document, const char* name) {
  static const Json none = Json::object();
  const auto found = document.find(name);
  return found != document.end() && found->is_object() ? *found : none;
}

std::string word(const Json& document, const char* name) { return document.value(name, std::string()); }

/// `[{"Key", "Value"}]` over what a rule's target says.
void override_with(Parameters& parameters, const Json& invocation, const char* member) {
  for (const Json& each : invocation.value(member, Json::array()))
    parameters[word(each, "Key")] = word(each, "Value");
}

/// `*` in the endpoint stands for the target's next path parameter.
std::string filled_path(std::string url, const Json& values) {
  std::size_t at = 0;
  for (const Json& value : values) {
    at = url.find('*', at);
    if (at == std::string::npos) break;
    const std::string encoded = percent_encode(value.get<std::string>());
    url.replace(at, 1, encoded);
    at += encoded.size();
  }
  return url;
}

std::string with_query(std::string url, const Parameters& query) {
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [key, value] : query) {
    url += separator + percent_encode(key) + '=' + percent_encode(value);
    separator = '&';
  }
  return url;
}

/// Body parameters become members of a body that is an object; no other body has room for them.
std::string with_members(std::string body, const Json& parameters) {
  if (parameters.empty()) return body;
  Json document = parse_bounded<Json>(body);
  if (!document.is_object()) return body;
  for (const Json& each : parameters) document[word(each, "Key")] = each.value("Value", Json(""));
  return document.dump();
}

void mask(Json& parameters) {
  for (const char* list : {"HeaderParameters", "QueryStringParameters", "BodyParameters"})
    if (parameters.contains(list))
      for (Json& each : parameters[list])
        if (each.value("IsValueSecret", false)) each.erase("Value");
}

}  // namespace

std::string name_in_arn(const std::string& arn) {
  const std::size_t begin = arn.find('/');
  if (begin == std::string::npos) return {};
  return arn.substr(begin + 1, arn.find('/', begin + 1) - begin - 1);
}

const Json* ApiDestinations::connection_of(const Scope& scope, const Json& destination) const {
  const std::string arn = word(destination, "ConnectionArn");
  const Json* found = connections.find(scope, name_in_arn(arn));
  return found != nullptr && word(*found, "ConnectionArn") == arn ? found : nullptr;
}

Json without_secrets(Json connection) {
  if (!connection.contains("AuthParameters")) return connection;
  Json& parameters = connection["AuthParameters"];
  if (parameters.contains("BasicAuthParameters")) parameters["BasicAuthParameters"].erase("Password");
  if (parameters.contains("ApiKeyAuthParameters")) parameters["ApiKeyAuthParameters"].erase("ApiKeyValue");
  if (parameters.contains("InvocationHttpParameters")) mask(parameters["InvocationHttpParameters"]);
  return connection;
}

HttpCall http_call(const Json& destination, const Json& connection, const Json& target, std::string body) {
  const Json& asked = part_of(target, "HttpParameters");
  const Json& authorization = part_of(connection, "AuthParameters");
  const Json& invocation = part_of(authorization, "InvocationHttpParameters");

  Parameters headers{{"Content-Type", "application/json; charset=utf-8"},
                     {"User-Agent", "Amazon/EventBridge/ApiDestinations"},
                     {"Range", "bytes=0-1048575"}};
  for (const auto& [key, value] : part_of(asked, "HeaderParameters").items())
    headers[key] = value.get<std::string>();
  override_with(headers, invocation, "HeaderParameters");
  if (const Json& basic = part_of(authorization, "BasicAuthParameters"); !basic.empty())
    headers["Authorization"] =
        "Basic " + base64_encode(word(basic, "Username") + ':' + word(basic, "Password"));
  if (const Json& key = part_of(authorization, "ApiKeyAuthParameters"); !key.empty())
    headers[word(key, "ApiKeyName")] = word(key, "ApiKeyValue");

  Parameters query;
  for (const auto& [key, value] : part_of(asked, "QueryStringParameters").items())
    query[key] = value.get<std::string>();
  override_with(query, invocation, "QueryStringParameters");

  HttpCall call{.method = word(destination, "HttpMethod"),
                .url = with_query(filled_path(word(destination, "InvocationEndpoint"),
                                              asked.value("PathParameterValues", Json::array())),
                                  query),
                .headers = {headers.begin(), headers.end()}};
  if (call.method != "GET" && call.method != "HEAD" && call.method != "OPTIONS")
    call.body = with_members(std::move(body), invocation.value("BodyParameters", Json::array()));
  return call;
}

}  // namespace aviary::events
