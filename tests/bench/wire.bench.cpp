// From a request's bytes to a validated document.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

namespace {

using namespace aviary;

void decode(benchmark::State& state, std::string_view method, std::string_view target,
            const std::string& body) {
  const wire::Codec& codec = *wire::codec_for(models::Protocol::RestJson);
  for (auto _ : state) {
    wire::Request request{.method = method, .target = target, .headers = {}, .body = body};
    const auto match = codec.route(models::lambda::service, request);
    if (!match) std::abort();
    const auto decoded = codec.decode(*match, request);
    if (!decoded) std::abort();
    benchmark::DoNotOptimize(decoded);
  }
}

void route_only(benchmark::State& state) {
  const wire::Codec& codec = *wire::codec_for(models::Protocol::RestJson);
  const wire::Request request{.method = "POST",
                              .target = "/2015-03-31/functions/payment-processor/invocations?Qualifier=live",
                              .headers = {},
                              .body = {}};
  for (auto _ : state) benchmark::DoNotOptimize(codec.route(models::lambda::service, request));
}
BENCHMARK(route_only);

void decode_invoke(benchmark::State& state) {
  decode(state, "POST", "/2015-03-31/functions/payment-processor/invocations?Qualifier=live",
         R"({"amount":100})");
}
BENCHMARK(decode_invoke);

void decode_update_alias(benchmark::State& state) {
  decode(state, "PUT", "/2015-03-31/functions/payment-processor/aliases/live",
         R"({"FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.1}}})");
}
BENCHMARK(decode_update_alias);

void decode_create_function(benchmark::State& state) {
  const std::string body =
      R"({"FunctionName":"payment-processor","Runtime":"python3.12","Role":)"
      R"("arn:aws:iam::123456789012:role/r","Handler":"app.handler","Timeout":30,"Code":{"ZipFile":")" +
      std::string(static_cast<std::size_t>(state.range(0)), 'A') + R"("}})";
  decode(state, "POST", "/2015-03-31/functions", body);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(decode_create_function)->Arg(4096)->Arg(4 << 20);

void encode_error(benchmark::State& state) {
  const wire::Codec& codec = *wire::codec_for(models::Protocol::RestJson);
  const AwsError error(models::lambda::errors::InvalidParameterValueException, "no such thing");
  for (auto _ : state) benchmark::DoNotOptimize(codec.encode_error(error));
}
BENCHMARK(encode_error);

}  // namespace

BENCHMARK_MAIN();
