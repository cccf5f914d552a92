// What the HTTP layer does for each request besides system calls.
#include <benchmark/benchmark.h>

#include <string>

#include "http/request_parser.hpp"
#include "http/response_head.hpp"

namespace {

using namespace aviary;

/// As botocore 1.43 sends an invoke.
const std::string invoke =
    "POST /2015-03-31/functions/payment-processor/invocations?Qualifier=live HTTP/1.1\r\n"
    "Host: 127.0.0.1:4566\r\n"
    "Accept-Encoding: identity\r\n"
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.7 "
    "cfg/retry-mode#standard\r\n"
    "X-Amz-Date: 20240115T103000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=test/20240115/us-east-1/lambda/aws4_request, "
    "SignedHeaders=host;x-amz-date, "
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "amz-sdk-invocation-id: 7c3a5b9e-1d2f-4a6b-8c0d-9e8f7a6b5c4d\r\n"
    "amz-sdk-request: attempt=1\r\n"
    "Content-Length: 2\r\n"
    "\r\n"
    "{}";

void parse_head(benchmark::State& state) {
  http::RequestParser parser;
  for (auto _ : state) {
    parser.begin();
    const auto step = parser.head(invoke.data(), invoke.size());
    benchmark::DoNotOptimize(step);
    benchmark::DoNotOptimize(parser.request());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * invoke.size()));
}
BENCHMARK(parse_head);

void render_head(benchmark::State& state) {
  wire::Response response;
  response.set("Content-Type", "application/json");
  response.set("x-amzn-RequestId", "7c3a5b9e-1d2f-4a6b-8c0d-9e8f7a6b5c4d");
  response.set("X-Amz-Executed-Version", "2");
  response.body = "{}";
  std::string out;
  for (auto _ : state) {
    out.clear();
    http::append_head(out, response, {.date = "Mon, 15 Jan 2024 10:30:00 GMT"});
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(render_head);

}  // namespace

BENCHMARK_MAIN();
