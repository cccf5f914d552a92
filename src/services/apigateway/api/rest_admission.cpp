#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bounded_json.hpp"
#include "base/document.hpp"
#include "services/apigateway/api/payload_1.hpp"
#include "services/apigateway/api/rest_request.hpp"
#include "services/apigateway/core/gateway_responses.hpp"
#include "services/apigateway/core/json_schema.hpp"
#include "services/apigateway/core/routing.hpp"
#include "wire/pattern.hpp"
#include "wire/protocol.hpp"

/// Who may come in, and with what: signatures, Lambda authorizers, API keys, request validators.
namespace aviary::apigateway {
namespace {

constexpr std::size_t most_rest_judgements = 10'000;

/// The values that an authorizer goes by; nothing if one is missing.
std::optional<OrderedJson> identities_of(const Json& authorizer, const TemplateInput& input) {
  OrderedJson values = OrderedJson::array();
  for (const std::string& source : identity_sources(text_of(authorizer, "identitySource"))) {
    const std::optional<std::string> value = mapped_value(source, input);
    if (!value || value->empty()) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

}  // namespace

Task<std::optional<wire::Response>> RestExecute::authorize(const wire::Request& request, Request& what) {
  const auto refuse = [&what](std::string_view type, std::string message = {}) {
    return std::optional(gateway_response(what.responses, type, std::move(message), what.input));
  };
  const std::string type = text_of(what.method, "authorizationType");
  if (type == "AWS_IAM") {
    // Unless policies are enforced a signature has to be there, no more.
    if (!wire::credential_scope(request)) co_return refuse("MISSING_AUTHENTICATION_TOKEN");
    if (d_.may_invoke) {
      auto asking = d_.may_invoke(request, what.arn);
      const Result<> may = co_await std::move(asking);
      if (!may) co_return refuse("ACCESS_DENIED", may.error().message);
    }
    co_return std::nullopt;
  }
  if (type != "CUSTOM") co_return std::nullopt;
  if (!what.authorizer.is_object()) co_return refuse("AUTHORIZER_CONFIGURATION_ERROR");
  const std::int64_t ttl = what.authorizer.value("authorizerResultTtlInSeconds", std::int64_t{300});
  const bool by_token = text_of(what.authorizer, "type") == "TOKEN";
  const std::optional<OrderedJson> identities = identities_of(what.authorizer, what.input);
  // Without what it goes by the authorizer is not run.
  if (!identities) co_return refuse("UNAUTHORIZED");
  const std::string expression = text_of(what.authorizer, "identityValidationExpression");
  if (by_token && !expression.empty() &&
      !wire::matches_foreign_pattern(expression, (*identities)[0].get<std::string>()).value_or(false))
    co_return refuse("UNAUTHORIZED");
  const std::string kept_key =
      fmt::format("{}/{}/{}/{}", what.call.api_id, what.call.stage, text_of(what.authorizer, "id"),
                  identities->dump(-1, ' ', true, OrderedJson::error_handler_t::replace));
  OrderedJson said;
  const auto kept = judgements_.find(kept_key);
  if (ttl > 0 && kept != judgements_.end() && kept->second.until > what.call.now) {
    said = kept->second.answer;
  } else {
    OrderedJson event;
    event["type"] = by_token ? "TOKEN" : "REQUEST";
    event["methodArn"] = what.arn;
    if (by_token) {
      event["authorizationToken"] = (*identities)[0];
    } else {
      const OrderedJson head = payload_head_1(request, what.call, text_of(what.resource, "path"));
      for (const auto& [name, value] : head.items())
        if (name != "version") event[name] = value;
      event["requestContext"] = what.input.context;
    }
    FunctionCall asked{
        .account = what.call.account,
        .region = what.region,
        .function =
            function_in_uri(with_stage_variables(text_of(what.authorizer, "authorizerUri"), what.variables)),
        .payload = event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace),
        .trace_id = what.call.trace_id,
        .source_arn = fmt::format("arn:aws:execute-api:{}:{}:{}/authorizers/{}", what.region,
                                  what.call.account, what.call.api_id, text_of(what.authorizer, "id")),
        .http = &request};
    Result<FunctionAnswer> answered = co_await d_.functions.run(std::move(asked));
    if (!answered) co_return refuse("AUTHORIZER_CONFIGURATION_ERROR");
    said = parse_bounded<OrderedJson>(answered->payload);
    if (answered->failed) {
      // As the developer guide's authorizers say it: the error `Unauthorized` is an answer.
      const bool unauthorized =
          said.is_object() && said.value("errorMessage", OrderedJson()) == "Unauthorized";
      co_return refuse(unauthorized ? "UNAUTHORIZED" : "AUTHORIZER_FAILURE");
    }
    if (judgements_.size() >= most_rest_judgements) judgements_.clear();
    if (ttl > 0 && said.is_object())
      judgements_[kept_key] = {said, what.call.now + std::chrono::seconds(ttl)};
  }
  const Judgement judgement = said.is_object() ? judge_policy(said, what.arn) : Judgement{};
  if (judgement.verdict == Verdict::Unreadable || judgement.principal.empty())
    co_return refuse("AUTHORIZER_CONFIGURATION_ERROR");
  if (judgement.verdict == Verdict::Denied)
    co_return refuse("ACCESS_DENIED", "User is not authorized to access this resource with an explicit deny");
  if (judgement.verdict != Verdict::Allowed) co_return refuse("ACCESS_DENIED");
  what.call.authorizer = judgement.context;
  what.call.authorizer["principalId"] = judgement.principal;
  if (const auto key = said.find("usageIdentifierKey"); key != said.end() && key->is_string())
    what.usage_key = key->get<std::string>();
  what.input.context["authorizer"] = what.call.authorizer;
  co_return std::nullopt;
}

std::optional<wire::Response> RestExecute::check_key(const wire::Request& request, Request& what) const {
  if (!flag_of(what.method, "apiKeyRequired")) return std::nullopt;
  const bool by_authorizer = text_of(what.api, "apiKeySource") == "AUTHORIZER";
  const std::string value = by_authorizer ? what.usage_key : std::string(request.header("x-api-key"));
  const std::string where = what.call.account + '/' + what.region + '/';
  for (const auto& [at, key] : d_.rest_apis.below("keys/" + where)) {
    if (value.empty() || text_of(*key, "value") != value || !flag_of(*key, "enabled")) continue;
    for (const auto& [plan_at, plan] : d_.rest_apis.below("plans/" + where)) {
      if (!d_.rest_apis.find("plan-keys/" + text_of(*plan, "id") + '/' + text_of(*key, "id"))) continue;
      const Json stages = plan->value("apiStages", Json::array());
      for (const Json& stage : stages)
        if (text_of(stage, "apiId") == what.call.api_id && text_of(stage, "stage") == what.call.stage) {
          what.input.context["identity"]["apiKey"] = value;
          what.input.context["identity"]["apiKeyId"] = text_of(*key, "id");
          return std::nullopt;
        }
    }
  }
  return gateway_response(what.responses, "INVALID_API_KEY", {}, what.input);
}

std::optional<wire::Response> RestExecute::validate(const wire::Request& request, const Request& what) const {
  if (!what.validator.is_object()) return std::nullopt;
  if (flag_of(what.validator, "validateRequestParameters")) {
    std::vector<std::string> missing;
    const Json parameters = what.method.value("requestParameters", Json::object());
    for (const auto& [name, required] : parameters.items()) {
      if (required != true) continue;
      const std::optional<std::string> value = mapped_value(name, what.input);
      if (!value || value->empty()) missing.push_back(name.substr(name.find('.', 15) + 1));
    }
    if (!missing.empty())
      return gateway_response(
          what.responses, "BAD_REQUEST_PARAMETERS",
          fmt::format("Missing required request parameters: [{}]", fmt::join(missing, ", ")), what.input);
  }
  if (!flag_of(what.validator, "validateRequestBody")) return std::nullopt;
  const Json models = what.method.value("requestModels", Json::object());
  std::string type(request.header("content-type"));
  type = type.substr(0, type.find(';'));
  if (type.empty()) type = "application/json";
  const std::string& model = text_of(models, type.c_str());
  if (model.empty() || !what.models.contains(model)) return std::nullopt;
  const Json body = parse_bounded<Json>(request.body.empty() ? "{}" : request.body);
  if (body.is_discarded() || !schema_problem(what.models[model], body, what.models).empty())
    return gateway_response(what.responses, "BAD_REQUEST_BODY", {}, what.input);
  return std::nullopt;
}

}  // namespace aviary::apigateway
