#include "app/outside/aws_endpoint.hpp"
#include "app/parts.hpp"
#include "app/wiring/forwarded.hpp"
#include "app/wiring/wiring.hpp"
#include "http/client.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/cloudformation/core/template_text.hpp"

namespace aviary::app {
namespace {

class LambdaFunctions final : public apigateway::Functions {
 public:
  explicit LambdaFunctions(lambda::LambdaService& lambda) : lambda_(lambda) {}

  Task<Result<apigateway::FunctionAnswer>> run(apigateway::FunctionCall call) override {
    lambda::NeighbourCall wanted{.caller = {call.account, call.region},
                                 .function = std::move(call.function),
                                 .payload = std::move(call.payload),
                                 .trace_id = std::move(call.trace_id),
                                 .service = "apigateway.amazonaws.com",
                                 .source_arn = std::move(call.source_arn),
                                 .http = call.http};
    if (call.asynchronous) {
      const Result<std::string> accepted = lambda_.accept_from_neighbour(std::move(wanted));
      if (!accepted) co_return accepted.error();
      co_return apigateway::FunctionAnswer{};
    }
    Result<lambda::NeighbourOutcome> outcome = co_await lambda_.invoke_for_neighbour(std::move(wanted));
    if (!outcome) co_return outcome.error();
    co_return apigateway::FunctionAnswer{.payload = std::move(outcome->outcome.payload),
                                         .failed = !outcome->outcome.function_error.empty()};
  }

 private:
  lambda::LambdaService& lambda_;
};

/// Servers elsewhere, by http or https.
class HttpUpstreams final : public apigateway::Upstreams {
 public:
  explicit HttpUpstreams(Parts& parts) : parts_(parts) {}

  Task<apigateway::UpstreamAnswer> send(apigateway::UpstreamCall call) override {
    const std::optional<http::Url> url = http::parse_url(call.url);
    if (!url) co_return apigateway::UpstreamAnswer{};
    http::Outgoing outgoing = http::request_to(*url, std::move(call.method), parts_.trust);
    outgoing.headers = std::move(call.headers);
    outgoing.body = std::move(call.body);
    outgoing.certificate = std::move(call.certificate);
    outgoing.key = std::move(call.key);
    const http::FetchLimits limits{.timeout = call.timeout};
    auto fetching = http::fetch(parts_.loop.get_executor(), parts_.stopwatch, std::move(outgoing), limits);
    auto fetched = co_await std::move(fetching);
    apigateway::UpstreamAnswer answer;
    if (fetched) {
      answer.end = apigateway::UpstreamAnswer::End::Answered;
      answer.response = std::move(*fetched);
    } else if (fetched.error().kind == http::FetchProblem::Kind::Timeout) {
      answer.end = apigateway::UpstreamAnswer::End::TimedOut;
    }
    co_return answer;
  }

 private:
  Parts& parts_;
};

class RestApis final : public Forwarded {
 public:
  explicit RestApis(Parts& parts)
      : parts_(parts),
        service_({.ids = parts.api_ids,
                  .journal = *parts.journal,
                  .read_yaml = [](std::string_view text) { return cloudformation::parse_template(text); },
                  .domains = *parts.api_domains,
                  .workers = parts.workers.get()}) {}

  void restore() override {
    Forwarded::restore();
    parts_.api_domains->restore();
  }
  void reset() override {
    Forwarded::reset();
    parts_.api_domains->clear();
    parts_.rest_apis->reset();
  }
  const apigateway::Entities& entities() const { return service_.entities(); }

 private:
  const Service& inner() const override { return service_; }

  Parts& parts_;
  apigateway::RestApiService service_;
};

/// The service, and what authorizers said is forgotten with it.
class HttpApis final : public Forwarded {
 public:
  explicit HttpApis(Parts& parts)
      : parts_(parts),
        service_({.ids = parts.api_ids,
                  .journal = *parts.journal,
                  .port = std::to_string(parts.port),
                  .domains = *parts.api_domains}) {}

  void reset() override {
    Forwarded::reset();
    parts_.apis->reset();
  }
  const apigateway::Entities& entities() const { return service_.entities(); }

 private:
  const Service& inner() const override { return service_; }

  Parts& parts_;
  apigateway::HttpApiService service_;
};

/// Of callers of routes and methods that want a signature; empty: nobody is asked.
std::function<Task<Result<>>(const wire::Request&, std::string)> api_permission(Parts& parts) {
  if (!parts.options.enforce_iam) return {};
  return [&parts](const wire::Request& request, std::string arn) {
    return parts.iam_gate->may(request, "execute-api:Invoke", std::move(arn));
  };
}

}  // namespace

void add_apigateway(Parts& parts) {
  parts.api_domains = std::make_unique<apigateway::Domains>(*parts.journal);
  auto service = std::make_unique<HttpApis>(parts);
  parts.api_functions = std::make_unique<LambdaFunctions>(*parts.lambda);
  parts.api_upstreams = std::make_unique<HttpUpstreams>(parts);
  parts.apis = std::make_unique<apigateway::Execute>(
      apigateway::ExecuteDependencies{.clock = parts.clock,
                                      .stopwatch = parts.stopwatch,
                                      .ids = parts.api_ids,
                                      .http_apis = service->entities(),
                                      .functions = *parts.api_functions,
                                      .upstreams = *parts.api_upstreams,
                                      .tasks = parts.housekeeping,
                                      .may_invoke = api_permission(parts)});
  const apigateway::Entities& service_entities = service->entities();
  parts.add(*service);
  parts.others.push_back(std::move(service));

  auto rest = std::make_unique<RestApis>(parts);
  parts.api_domains->serve(rest->entities(), service_entities);
  parts.rest_apis = std::make_unique<apigateway::RestExecute>(
      apigateway::RestExecuteDependencies{.clock = parts.clock,
                                          .stopwatch = parts.stopwatch,
                                          .ids = parts.api_ids,
                                          .rest_apis = rest->entities(),
                                          .functions = *parts.api_functions,
                                          .upstreams = *parts.api_upstreams,
                                          .tasks = parts.housekeeping,
                                          .may_invoke = api_permission(parts)});
  parts.add(*rest);
  parts.others.push_back(std::move(rest));
}

}  // namespace aviary::app
