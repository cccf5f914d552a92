#include "gateway/payload_format.hpp"
#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/request_keys.hpp"
#include "services/lambda/api/url_messages.hpp"
#include "services/lambda/core/attachments.hpp"
#include "wire/protocol.hpp"

/// What is sent to a function's URL.
namespace aviary::lambda {
namespace {

constexpr std::string_view url_path = "/_aviary/lambda-url/";
constexpr std::string_view url_label = ".lambda-url.";
constexpr std::size_t url_body_limit = 6291456;

}  // namespace

std::optional<UrlAddress> url_address(const wire::Request& request) {
  const std::string_view host = request.header("host");
  if (const std::size_t label = host.find(url_label); label != std::string_view::npos && label > 0)
    return UrlAddress{.id = std::string(host.substr(0, label)), .target = request.target};
  if (!request.target.starts_with(url_path)) return std::nullopt;
  std::string_view rest = request.target.substr(url_path.size());
  const std::size_t end = rest.find_first_of("/?");
  UrlAddress address{.id = std::string(rest.substr(0, end)), .target = "/"};
  if (end != std::string_view::npos) rest.remove_prefix(end);
  if (end != std::string_view::npos) address.target = rest;
  return address;
}

Task<wire::Response> LambdaService::answer_url(wire::Request request, UrlAddress address) {
  std::string request_id = ids_.uuid();
  auto answering = run_url(request, std::move(address), request_id);
  wire::Response response = co_await std::move(answering);
  response.set("x-amzn-RequestId", std::move(request_id));
  co_return response;
}

/// `request` lives in the caller's frame, which waits for this.
Task<wire::Response> LambdaService::run_url(const wire::Request& request, UrlAddress address,
                                            std::string request_id) {
  const auto found = urls_.find(address.id);
  if (found == urls_.end()) co_return url_unknown();
  const UrlOwner owner = found->second;
  const Function* function = store_.find(owner.scope, owner.function, moment());
  const Json* attached = function ? store_.attached(*function, attachment::url, owner.qualifier) : nullptr;
  if (!attached) co_return url_unknown();
  const Json config = *attached;
  const Json cors = config.value("Cors", Json());
  if (cors.is_object() && is_preflight(request)) co_return preflight_answer(request, cors);
  // The URL of an alias outlives it (recorded: test_lambda_url_persists_after_alias_delete).
  if (!store_.revision_of(*function, owner.qualifier)) co_return url_forbidden();

  UrlCall call{.url_id = address.id,
               .region = owner.scope.region,
               .target = address.target,
               .request_id = request_id,
               .trace_id = {},
               .now = clock_.now()};
  if (config.at("AuthType") == "AWS_IAM") {
    const std::optional<wire::CredentialScope> credential = wire::credential_scope(request);
    if (!credential || (options_.authenticate && !options_.authenticate(request))) co_return url_forbidden();
    if (options_.authorize_url) {
      auto asking =
          options_.authorize_url(request, function_arn(owner.scope, owner.function, owner.qualifier));
      const Result<> may = co_await std::move(asking);
      if (!may) co_return url_forbidden();
    }
    call.caller = {.account = is_version_number(credential->access_key_id) ? credential->access_key_id
                                                                           : owner.scope.account,
                   .access_key = credential->access_key_id};
  }
  const Result<> permitted = check_permission(
      owner.scope, owner.function, owner.qualifier,
      {.account = call.caller.account, .url_auth_type = config.at("AuthType").get<std::string>()});
  if (!permitted) co_return url_forbidden();
  if (request.body.size() > url_body_limit)
    co_return url_error(413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
                        "RequestEntityTooLargeException");
  const std::string_view given = request.header("X-Amzn-Trace-Id");
  Result<std::string> trace = counted_trace(owner.scope, owner.function,
                                            given.empty() ? new_trace(call.now, ids_) : std::string(given));
  if (!trace) co_return url_unrun(trace.error());
  call.trace_id = *trace;
  std::string event = url_event(request, call);
  const RequestKeys keys(&request, event, event);
  Result<InvokeTarget> target =
      dispatcher_.resolve(owner.scope, owner.function, owner.qualifier, {}, &keys, moment());
  if (!target) co_return url_unrun(target.error());
  if (const Result<> fits = check_durable(*target->version, owner.qualifier, true); !fits)
    co_return url_unrun(fits.error());
  Invocation invocation{.request_id = request_id,
                        .version = target->version,
                        .invoked_arn = std::move(target->invoked_arn),
                        .payload = std::move(event),
                        .trace_id = *trace};
  wire::Response response;
  if (config.value("InvokeMode", "BUFFERED") == "RESPONSE_STREAM") {
    auto streaming = stream_url(std::move(invocation));
    response = co_await std::move(streaming);
  } else {
    auto running = runner_.run(std::move(invocation));
    Result<Outcome> outcome = co_await std::move(running);
    response = outcome ? url_answer(std::move(*outcome)) : url_unrun(outcome.error());
  }
  if (cors.is_object()) add_cors(response, request, cors);
  response.set("X-Amzn-Trace-Id", *trace);
  co_return response;
}

}  // namespace aviary::lambda
