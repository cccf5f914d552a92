#include "services/apigateway/api/execute.hpp"

#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "base/encoding.hpp"
#include "services/apigateway/api/http_request.hpp"
#include "services/apigateway/api/payload_1.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/protocol.hpp"
#include "wire/query_string.hpp"

namespace aviary::apigateway {
namespace {

constexpr std::string_view host_label = ".execute-api.";
constexpr std::string_view path_prefix = "/_aws/execute-api/";
constexpr std::string_view rest_prefix = "/restapis/";
constexpr std::string_view user_request = "/_user_request_";
constexpr std::size_t most_judgements = 10'000;

/// What a stage serves: its deployment's, or what there is when it deploys by itself.
Json served(const Entities& entities, const std::string& api, const Json& stage) {
  if (!flag_of(stage, "AutoDeploy")) {
    const Json* deployment = entities.find(member_key(api, "deployments", text_of(stage, "DeploymentId")));
    return deployment != nullptr ? deployment->value("_snapshot", Json::object()) : Json::object();
  }
  Json all = Json::object();
  for (const char* folder : {"routes", "integrations", "authorizers"})
    for (const auto& [key, document] : entities.below(folder_key(api, folder)))
      all[folder][std::string(key.substr(key.rfind('/') + 1))] = *document;
  return all;
}

const Json* member_of_folder(const Json& all, const char* folder, const std::string& id) {
  const Json* documents = find_member(all, folder);
  return documents != nullptr ? find_member(*documents, id.c_str()) : nullptr;
}

std::string text_or_nothing(const std::optional<std::string>& text) { return text.value_or(std::string()); }

}  // namespace

wire::Response api_answer(int status, std::string_view message) {
  wire::Response response;
  response.status = status;
  response.set("Content-Type", "application/json");
  response.body = Json{{"message", message}}.dump();
  return response;
}

std::optional<ApiAddress> api_address(const wire::Request& request) {
  const std::string_view host = request.header("host");
  if (const std::size_t label = host.find(host_label); label != std::string_view::npos && label > 0)
    return ApiAddress{std::string(host.substr(0, label)), std::string(request.target)};
  const auto split = [](std::string_view rest) {
    const std::size_t end = rest.find_first_of("/?");
    return ApiAddress{std::string(rest.substr(0, end)),
                      end == std::string_view::npos ? "/" : std::string(rest.substr(end))};
  };
  if (request.target.starts_with(path_prefix)) return split(request.target.substr(path_prefix.size()));
  if (request.target.starts_with(rest_prefix)) {
    const std::size_t mark = request.path().find(user_request);
    if (mark == std::string_view::npos) return std::nullopt;
    std::string without(request.target.substr(rest_prefix.size(), mark - rest_prefix.size()));
    without += request.target.substr(mark + user_request.size());
    return split(without);
  }
  return std::nullopt;
}

std::optional<ApiAddress> named_address(const wire::Request& request, const Domains& domains) {
  std::string_view path = request.path();
  std::optional<Domains::Place> place = domains.place_of(
      request.header("host"), path, [&](std::string_view name) { return request.header(name); });
  if (!place) return std::nullopt;
  if (path.empty()) path = "/";
  ApiAddress address{.id = std::move(place->api), .target = std::move(place->rest)};
  if (const std::size_t mark = request.target.find('?'); mark != std::string_view::npos)
    address.target += request.target.substr(mark);
  address.stage = std::move(place->stage);
  address.full_path = path;
  address.prefix = std::move(place->prefix);
  return address;
}

Task<wire::Response> Execute::answer(wire::Request request, ApiAddress address) {
  std::string request_id = new_extended_id(d_.ids);
  auto running = run(request, std::move(address), request_id);
  wire::Response response = co_await std::move(running);
  response.set("Apigw-Requestid", std::move(request_id));
  co_return response;
}

/// `request` lives in the caller's frame, which waits for this.
Task<wire::Response> Execute::run(const wire::Request& request, ApiAddress address, std::string request_id) {
  const Json* api = d_.http_apis.find(api_key(address.id));
  if (api == nullptr) co_return api_answer(403, "Forbidden");
  // Then only a name of one's own leads there.
  if (flag_of(*api, "DisableExecuteApiEndpoint") && !address.by_name())
    co_return api_answer(404, "Not Found");
  Request what;
  what.api = *api;
  const Json cors = api->value("CorsConfiguration", Json());
  if (cors.is_object() && is_preflight(request)) {
    wire::Response preflight = preflight_answer(request, cors);
    preflight.status = 204;
    co_return preflight;
  }
  const std::size_t mark = address.target.find('?');
  std::string path = address.target.substr(0, mark);
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  // The first segment is the stage, unless that is `$default`.
  const std::size_t end = path.find('/', 1);
  const std::string first = path.substr(1, end == std::string::npos ? end : end - 1);
  const Json* stage =
      d_.http_apis.find(member_key(address.id, "stages", text_or_nothing(percent_decode(first))));
  std::string within = path;
  if (!address.stage.empty()) {
    stage = d_.http_apis.find(member_key(address.id, "stages", address.stage));
  } else if (stage != nullptr) {
    within = end == std::string::npos ? "/" : path.substr(end);
    if (first == "$default" || first == "%24default") path = within;
  } else {
    stage = d_.http_apis.find(member_key(address.id, "stages", "$default"));
  }
  if (stage == nullptr) co_return api_answer(404, "Not Found");
  if (within.empty()) within = "/";
  if (address.by_name()) path = address.full_path;

  const Json all = served(d_.http_apis, address.id, *stage);
  std::vector<std::string> keys;
  std::vector<const Json*> routes;
  const Json given = all.value("routes", Json::object());
  for (const auto& [id, route] : given.items()) {
    keys.push_back(text_of(route, "RouteKey"));
    routes.push_back(&route);
  }
  const std::optional<RouteChoice> choice = choose_route(keys, request.method, within);
  if (!choice) co_return api_answer(404, "Not Found");
  what.route = *routes[choice->index];
  const std::string key = text_of(what.route, "RouteKey");
  const std::size_t space = key.find(' ');
  what.resource = space == std::string::npos ? key : key.substr(space + 1);
  if (const Json* found = member_of_folder(all, "authorizers", text_of(what.route, "AuthorizerId")))
    what.authorizer = *found;
  const std::string target = text_of(what.route, "Target");
  if (target.starts_with("integrations/"))
    if (const Json* found = member_of_folder(all, "integrations", target.substr(13)))
      what.integration = *found;

  const std::string stage_name = text_of(*stage, "StageName");
  what.call = {.account = text_of(*api, "_account"),
               .api_id = address.id,
               .route_key = key,
               .stage = stage_name,
               .path = percent_decode(path).value_or(path),
               .query = mark == std::string::npos ? std::string() : address.target.substr(mark + 1),
               .request_id = std::move(request_id),
               .trace_id = std::string(request.header("X-Amzn-Trace-Id")),
               .now = d_.clock.now(),
               .domain_prefix = address.prefix};
  if (what.call.trace_id.empty())
    what.call.trace_id = fmt::format(
        "Root=1-{:08x}-{}",
        std::chrono::duration_cast<std::chrono::seconds>(what.call.now.time_since_epoch()).count(),
        d_.ids.hex(24));
  for (const auto& [name, value] : choice->match.parameters) what.call.path_parameters[name] = value;
  const Json variables = stage->value("StageVariables", Json::object());
  for (const auto& [name, value] : variables.items()) {
    what.variables.emplace_back(name, value.get<std::string>());
    what.call.stage_variables[name] = value.get<std::string>();
  }
  what.arn = fmt::format("arn:aws:execute-api:{}:{}:{}/{}/{}{}", text_of(*api, "_region"), what.call.account,
                         address.id, stage_name, request.method, within);
  what.within = within;

  auto authorizing = authorize(request, what);
  std::optional<wire::Response> refusal = co_await std::move(authorizing);
  wire::Response response;
  if (refusal) {
    response = std::move(*refusal);
  } else {
    auto integrating = integrate(request, what);
    response = co_await std::move(integrating);
  }
  if (cors.is_object()) add_cors(response, request, cors);
  co_return response;
}

Task<std::optional<wire::Response>> Execute::authorize(const wire::Request& request, Request& what) {
  const std::string type = text_of(what.route, "AuthorizationType");
  if (type == "AWS_IAM") {
    // Unless policies are enforced a signature has to be there, no more.
    if (!wire::credential_scope(request)) co_return api_answer(403, "Forbidden");
    if (d_.may_invoke) {
      auto asking = d_.may_invoke(request, what.arn);
      const Result<> may = co_await std::move(asking);
      if (!may) co_return api_answer(403, "Forbidden");
    }
    co_return std::nullopt;
  }
  if (type != "CUSTOM") co_return std::nullopt;
  if (!what.authorizer.is_object()) co_return api_answer(500, "Internal Server Error");
  OrderedJson identities = OrderedJson::array();
  const wire::Parameters query = wire::parse_parameters(what.call.query);
  for (const std::string& source : texts_of(what.authorizer, "IdentitySource")) {
    std::string value;
    if (source.starts_with("$request.header.")) {
      value = request.header(std::string_view(source).substr(16));
    } else if (source.starts_with("$request.querystring.")) {
      if (const std::string* found = wire::find_parameter(query, source.substr(21))) value = *found;
    } else if (source.starts_with("$stageVariables.")) {
      value = with_stage_variables("${" + source.substr(1) + "}", what.variables);
    } else if (source == "$context.routeKey") {
      value = what.call.route_key;
    } else if (source == "$context.httpMethod") {
      value = request.method;
    } else if (source == "$context.path") {
      value = what.call.path;
    } else if (source == "$context.stage") {
      value = what.call.stage;
    }
    // Without what it asks for the authorizer is not run.
    if (value.empty()) co_return api_answer(401, "Unauthorized");
    identities.push_back(value);
  }
  const std::int64_t ttl = what.authorizer.value("AuthorizerResultTtlInSeconds", std::int64_t{0});
  // As in AWS, one answer is good for all routes of the authorizer, unless its identity sources tell them
  // apart.
  const std::string kept_key =
      fmt::format("{}/{}/{}/{}", what.call.api_id, what.call.stage, text_of(what.authorizer, "AuthorizerId"),
                  identities.dump(-1, ' ', true, OrderedJson::error_handler_t::replace));
  OrderedJson said;
  const auto kept = judgements_.find(kept_key);
  if (ttl > 0 && kept != judgements_.end() && kept->second.until > what.call.now) {
    said = kept->second.answer;
  } else {
    const bool second = text_of(what.authorizer, "AuthorizerPayloadFormatVersion") == "2.0";
    const OrderedJson head =
        second ? payload_head_2(request, what.call) : payload_head_1(request, what.call, what.resource);
    OrderedJson event;
    event["version"] = second ? "2.0" : "1.0";
    event["type"] = "REQUEST";
    event[second ? "routeArn" : "methodArn"] = what.arn;
    if (second) {
      event["identitySource"] = identities;
    } else {
      std::string joined;
      for (const OrderedJson& each : identities)
        joined += (joined.empty() ? "" : ",") + each.get<std::string>();
      event["identitySource"] = joined;
      event["authorizationToken"] = joined;
    }
    for (const auto& [name, value] : head.items())
      if (name != "version") event[name] = value;
    FunctionCall asked{.account = what.call.account,
                       .region = text_of(what.api, "_region"),
                       .function = function_in_uri(
                           with_stage_variables(text_of(what.authorizer, "AuthorizerUri"), what.variables)),
                       .payload = event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace),
                       .trace_id = what.call.trace_id,
                       .source_arn = fmt::format("arn:aws:execute-api:{}:{}:{}/authorizers/{}",
                                                 text_of(what.api, "_region"), what.call.account,
                                                 what.call.api_id, text_of(what.authorizer, "AuthorizerId")),
                       .http = &request};
    Result<FunctionAnswer> answered = co_await d_.functions.run(std::move(asked));
    if (!answered || answered->failed) co_return api_answer(500, "Internal Server Error");
    said = parse_bounded<OrderedJson>(answered->payload);
    if (judgements_.size() >= most_judgements) judgements_.clear();
    if (ttl > 0 && said.is_object())
      judgements_[kept_key] = {said, what.call.now + std::chrono::seconds(ttl)};
  }
  Judgement judgement;
  if (said.is_object())
    judgement =
        flag_of(what.authorizer, "EnableSimpleResponses") ? judge_simple(said) : judge_policy(said, what.arn);
  if (judgement.verdict == Verdict::Unreadable) co_return api_answer(500, "Internal Server Error");
  if (judgement.verdict != Verdict::Allowed) co_return api_answer(403, "Forbidden");
  if (text_of(what.integration, "PayloadFormatVersion") == "2.0") {
    what.call.authorizer = OrderedJson::object();
    what.call.authorizer["lambda"] = judgement.context.empty() ? OrderedJson(nullptr) : judgement.context;
  } else {
    what.call.authorizer = judgement.context;
    if (!judgement.principal.empty()) what.call.authorizer["principalId"] = judgement.principal;
  }
  co_return std::nullopt;
}

}  // namespace aviary::apigateway
