#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/apigateway/api/http_service.hpp"

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
    Result<lambda::NeighbourOutcome> outcome = co_await lambda_.invoke_for_neighbour(std::move(wanted));
    if (!outcome) co_return outcome.error();
    co_return apigateway::FunctionAnswer{.payload = std::move(outcome->outcome.payload),
                                         .failed = !outcome->outcome.function_error.empty()};
  }

 private:
  lambda::LambdaService& lambda_;
};

/// The service, and what authorizers said is forgotten with it.
class HttpApis final : public Service {
 public:
  explicit HttpApis(Parts& parts)
      : parts_(parts),
        service_({.ids = parts.api_ids, .journal = *parts.journal, .port = std::to_string(parts.port)}) {}

  const models::Service& model() const override { return service_.model(); }
  Task<Result<Reply>> call(Call call) override { return service_.call(std::move(call)); }
  std::vector<std::string_view> supported_operations() const override {
    return service_.supported_operations();
  }
  void restore() override { service_.restore(); }
  void reset() override {
    service_.reset();
    parts_.apis->reset();
  }
  Json counts() const override { return service_.counts(); }
  const apigateway::Entities& entities() const { return service_.entities(); }

 private:
  Parts& parts_;
  apigateway::HttpApiService service_;
};

}  // namespace

void add_apigateway(Parts& parts) {
  auto service = std::make_unique<HttpApis>(parts);
  parts.api_functions = std::make_unique<LambdaFunctions>(*parts.lambda);
  parts.apis = std::make_unique<apigateway::Execute>(
      apigateway::ExecuteDependencies{.clock = parts.clock,
                                      .ids = parts.api_ids,
                                      .http_apis = service->entities(),
                                      .functions = *parts.api_functions});
  parts.add(*service);
  parts.others.push_back(std::move(service));
}

}  // namespace aviary::app
