#include "services/apigateway/api/execute_rest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "base/encoding.hpp"
#include "services/apigateway/api/payload_1.hpp"
#include "services/apigateway/api/rest_request.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/gateway_responses.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/query_string.hpp"

namespace aviary::apigateway {
namespace {

/// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
constexpr std::size_t largest_body = 10 * 1024 * 1024;

wire::Response forbidden_api() {
  wire::Response response;
  response.status = 403;
  response.set("Content-Type", "application/json");
  response.set("x-amzn-ErrorType", "ForbiddenException");
  response.body = R"({"message":"Forbidden"})";
  return response;
}

/// The types of a path's values in templates: the last of equal names.
OrderedJson names_and_values(const std::vector<std::pair<std::string, std::string>>& pairs) {
  OrderedJson map = OrderedJson::object();
  for (const auto& [name, value] : pairs) map[name] = value;
  return map;
}

/// A stage with a canary draws which deployment serves the request.
std::string drawn_deployment(const Json& stage, Random& ids, Json& variables) {
  variables = stage.value("variables", Json::object());
  const Json* canary = find_member(stage, "canarySettings");
  if (canary == nullptr || ids.uniform() * 100 >= canary->value("percentTraffic", 0.0))
    return text_of(stage, "deploymentId");
  if (const Json* overrides = find_member(*canary, "stageVariableOverrides")) variables.update(*overrides);
  return text_of(*canary, "deploymentId");
}

}  // namespace

bool is_binary_type(const Json& api, std::string_view content_type) {
  std::string_view plain = content_type.substr(0, content_type.find(';'));
  while (plain.ends_with(' ')) plain.remove_suffix(1);
  for (const std::string& type : texts_of(api, "binaryMediaTypes")) {
    if (type == "*/*" || wire::equals_ignoring_case(type, plain)) return true;
    if (type.ends_with("/*") && plain.starts_with(std::string_view(type).substr(0, type.size() - 1)))
      return true;
  }
  return false;
}

int status_number(std::string_view text, int otherwise) {
  return rest_is_status(text) ? std::stoi(std::string(text)) : otherwise;
}

wire::Response gateway_response(const Json& responses, std::string_view type, std::string message,
                                const TemplateInput& input) {
  const GatewayResponseType& known = *find_gateway_response(type);
  wire::Response response;
  response.status = known.status;
  if (message.empty()) message = known.message;
  response.set("x-amzn-ErrorType", std::string(known.error));
  const std::string name(type);
  const Json* own = responses.is_object() ? find_member(responses, name.c_str()) : nullptr;
  const bool own_type = own != nullptr;
  if (!own_type && responses.is_object())
    own = find_member(responses, known.status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
  const std::string usual = message.empty()
                                ? R"({"message":null})"
                                : Json{{type == "ACCESS_DENIED" ? "Message" : "message", message}}.dump();
  if (own == nullptr) {
    response.set("Content-Type", "application/json");
    response.body = usual;
    return response;
  }
  response.status = status_number(text_of(*own, "statusCode"), response.status);
  TemplateInput with_error = input;
  with_error.context["error"] = {
      {"message", message}, {"messageString", Json(message).dump()}, {"responseType", name}};
  if (message.empty()) with_error.context["error"]["messageString"] = "null";
  const Json templates = own->value("responseTemplates", Json::object());
  const auto found =
      templates.contains("application/json") ? templates.find("application/json") : templates.begin();
  if (found != templates.end() && found->is_string()) {
    response.set("Content-Type", found.key());
    Rendered rendered = render_template(found->get<std::string>(), with_error);
    response.body = rendered.problem.empty() ? std::move(rendered.text) : usual;
  } else {
    response.set("Content-Type", "application/json");
    response.body = usual;
  }
  const Json parameters = own->value("responseParameters", Json::object());
  for (const auto& [target, value] : parameters.items()) {
    constexpr std::string_view header = "gatewayresponse.header.";
    if (!target.starts_with(header) || !value.is_string()) continue;
    if (std::optional<std::string> text = mapped_value(value.get<std::string>(), with_error))
      response.set(target.substr(header.size()), std::move(*text));
  }
  return response;
}

Task<wire::Response> RestExecute::answer(wire::Request request, ApiAddress address) {
  std::string request_id = d_.ids.uuid();
  std::string extended_id = new_extended_id(d_.ids);
  auto running = run(request, std::move(address), request_id, extended_id);
  wire::Response response = co_await std::move(running);
  response.set("x-amzn-RequestId", std::move(request_id));
  response.set("x-amz-apigw-id", std::move(extended_id));
  co_return response;
}

/// Which method of which resource; an answer if there is none.
std::optional<wire::Response> RestExecute::route(const wire::Request& request, const ApiAddress& address,
                                                 Request& what) {
  const Json* api = d_.rest_apis.find(api_key(address.id));
  if (api == nullptr || (flag_of(*api, "disableExecuteApiEndpoint") && !address.by_name()))
    return forbidden_api();
  const std::size_t mark = address.target.find('?');
  std::string path = address.target.substr(0, mark);
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  const std::size_t end = path.find('/', 1);
  std::string name = percent_decode(path.substr(1, end == std::string::npos ? end : end - 1)).value_or("");
  std::string within = end == std::string::npos ? "/" : path.substr(end);
  if (!address.stage.empty()) {
    name = address.stage;
    within = path;
  }
  const Json* stage = name.empty() ? nullptr : d_.rest_apis.find(member_key(address.id, "stages", name));
  if (stage == nullptr) return forbidden_api();

  Json variables;
  what.deployment = drawn_deployment(*stage, d_.ids, variables);
  const Json* deployment = d_.rest_apis.find(member_key(address.id, "deployments", what.deployment));
  const Json* served = deployment != nullptr ? find_member(*deployment, "_snapshot") : nullptr;
  if (served == nullptr) return forbidden_api();
  what.api = served->value("api", Json::object());
  what.responses = served->value("responses", Json::object());
  what.region = text_of(*api, "_region");
  if (const std::string& id = text_of(*stage, "clientCertificateId"); !id.empty())
    if (const Json* found = d_.rest_apis.find(
            fmt::format("certificates/{}/{}/{}", text_of(*api, "_account"), what.region, id)))
      what.certificate = *found;
  what.stage_path = address.by_name() ? address.full_path : path;
  what.call.account = text_of(*api, "_account");
  what.call.api_id = address.id;
  what.call.stage = name;
  // A name's own path stays in the event's.
  const std::string& shown = address.by_name() ? address.full_path : within;
  what.call.path = percent_decode(shown).value_or(shown);
  what.call.domain_prefix = address.prefix;
  what.call.query = mark == std::string::npos ? std::string() : address.target.substr(mark + 1);
  what.call.trace_id = request.header("X-Amzn-Trace-Id");
  what.call.now = d_.clock.now();
  if (what.call.trace_id.empty())
    what.call.trace_id = fmt::format(
        "Root=1-{:08x}-{}",
        std::chrono::duration_cast<std::chrono::seconds>(what.call.now.time_since_epoch()).count(),
        d_.ids.hex(24));
  for (const auto& [key, value] : variables.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    what.variables.emplace_back(key, text);
    what.call.stage_variables[key] = text;
  }
  what.arn = fmt::format("arn:aws:execute-api:{}:{}:{}/{}/{}{}", what.region, what.call.account, address.id,
                         name, request.method, within);

  std::vector<std::string> keys;
  std::vector<std::pair<const Json*, const Json*>> methods;
  for (const Json& resource : (*served)["resources"])
    if (const Json* verbs = find_member(resource, "resourceMethods"))
      for (const auto& [verb, method] : verbs->items()) {
        keys.push_back(verb + ' ' + text_of(resource, "path"));
        methods.emplace_back(&resource, &method);
      }
  const std::optional<RouteChoice> choice = choose_route(keys, request.method, within);
  OrderedJson parameters = OrderedJson::object();
  if (choice) {
    const Json* resource = methods[choice->index].first;
    const Json* method = methods[choice->index].second;
    for (const auto& [key, value] : choice->match.parameters) parameters[key] = value;
    what.resource = *resource;
    what.resource.erase("resourceMethods");
    what.method = *method;
    what.integration = method->value("methodIntegration", Json::object());
    what.method.erase("methodIntegration");
    const auto chosen = [&](const char* folder, const char* member) {
      const std::string& id = text_of(*method, member);
      return id.empty() ? Json() : (*served)[folder].value(id, Json());
    };
    what.authorizer = chosen("authorizers", "authorizerId");
    what.validator = chosen("validators", "requestValidatorId");
    if (flag_of(what.validator, "validateRequestBody"))
      for (const auto& [id, model] : (*served)["models"].items())
        what.models[id] = parse_bounded<Json>(text_of(model, "schema"));
    what.call.route_key = keys[choice->index];
  }
  what.call.path_parameters = parameters;
  const OrderedJson head = payload_head_1(request, what.call, text_of(what.resource, "path"));
  what.input.context = head["requestContext"];
  what.input.context["path"] = what.stage_path;
  what.input.context["resourceId"] = text_of(what.resource, "id");
  what.input.context["deploymentId"] = what.deployment;
  what.input.stage_variables = what.call.stage_variables;
  what.input.params = {{"path", parameters},
                       {"querystring", names_and_values(wire::parse_parameters(what.call.query))},
                       {"header", head["headers"]}};
  if (request.body.size() <= largest_body) what.input.body = request.body;
  if (!choice) return gateway_response(what.responses, "MISSING_AUTHENTICATION_TOKEN", {}, what.input);
  if (request.body.size() > largest_body)
    return gateway_response(what.responses, "REQUEST_TOO_LARGE", {}, what.input);
  return std::nullopt;
}

/// `request` lives in the caller's frame, which waits for this.
Task<wire::Response> RestExecute::run(const wire::Request& request, ApiAddress address,
                                      std::string request_id, std::string extended_id) {
  Request what;
  what.call.extended_id = std::move(extended_id);
  what.call.request_id = std::move(request_id);
  if (std::optional<wire::Response> refusal = route(request, address, what)) co_return std::move(*refusal);
  auto authorizing = authorize(request, what);
  std::optional<wire::Response> refusal = co_await std::move(authorizing);
  if (!refusal) refusal = check_key(request, what);
  if (!refusal) refusal = validate(request, what);
  if (refusal) co_return std::move(*refusal);
  auto integrating = integrate(request, what);
  wire::Response response = co_await std::move(integrating);
  co_return response;
}

}  // namespace aviary::apigateway
