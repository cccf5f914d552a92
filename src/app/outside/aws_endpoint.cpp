#include "app/outside/aws_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/bounded_json.hpp"
#include "http/client.hpp"
#include "wire/message.hpp"

namespace aviary::app {
namespace {

constexpr std::string_view known[] = {"dynamodb", "dynamodbstreams", "kinesis", "sqs"};
constexpr http::FetchLimits read_limits{.timeout = std::chrono::seconds(20),
                                        .answer_bytes = 24U * 1024 * 1024};

/// `com.amazonaws.…#ExpiredIteratorException`, `ExpiredIteratorException:http://…`
std::string error_name(const OrderedJson& body) {
  const auto type = body.is_object() ? body.find("__type") : body.end();
  std::string name = type != body.end() && type->is_string() ? type->get<std::string>() : "UnknownError";
  name.erase(0, name.find('#') == std::string::npos ? 0 : name.find('#') + 1);
  return name.substr(0, name.find(':'));
}

}  // namespace

Endpoints parse_endpoints(const std::vector<std::string>& options) {
  Endpoints endpoints;
  for (const std::string& option : options) {
    const std::size_t equals = option.find('=');
    const std::string service = option.substr(0, equals);
    if (service == "kafka" && equals != std::string::npos) {
      const std::string broker = option.substr(equals + 1);
      const auto url = http::parse_url("http://" + broker);
      if (!url || url->target != "/" || broker.find(':') == std::string::npos || broker.ends_with('/')) {
        endpoints.problem =
            fmt::format("--endpoint kafka= wants a broker as kafka=127.0.0.1:9092, not '{}'", option);
        return endpoints;
      }
      endpoints.kafka.push_back(broker);
      continue;
    }
    const auto address = equals == std::string::npos
                             ? std::nullopt
                             : http::parse_url(std::string_view(option).substr(equals + 1));
    if (std::ranges::find(known, service) == std::end(known) || !address) {
      endpoints.problem = fmt::format(
          "--endpoint is SERVICE=URL as dynamodb=http://127.0.0.1:8000, of dynamodb, dynamodbstreams, "
          "kinesis or sqs, or kafka=HOST:PORT, not '{}'",
          option);
      return endpoints;
    }
    endpoints.by_service[service] = *address;
  }
  return endpoints;
}

AwsEndpoint::AwsEndpoint(boost::asio::any_io_executor executor, Clock& clock, Stopwatch& stopwatch,
                         Settings settings)
    : executor_(std::move(executor)), clock_(clock), stopwatch_(stopwatch), settings_(std::move(settings)) {}

Task<AwsEndpoint::Answer> AwsEndpoint::call(std::string operation, Json input, std::string region) {
  const std::string host = http::host_header(settings_.address);
  const std::string target = fmt::format("{}.{}", settings_.target_prefix, operation);
  const std::string type = "application/x-amz-json-" + settings_.json_version;
  http::Outgoing request = http::request_to(settings_.address, "POST", settings_.trust);
  request.body = input.dump();
  Signer signer = settings_.signer;
  signer.region = std::move(region);
  wire::Request to_sign{.method = "POST",
                        .target = request.target,
                        .headers = {{"host", host}, {"content-type", type}, {"x-amz-target", target}},
                        .body = request.body};
  request.headers = signed_headers(to_sign, signer, clock_.now());
  request.headers.emplace_back("Content-Type", type);
  request.headers.emplace_back("X-Amz-Target", target);
  auto fetching = http::fetch(executor_, stopwatch_, std::move(request), read_limits);
  const auto response = co_await std::move(fetching);
  Answer answer;
  if (!response) {
    answer.problem = fmt::format("{}: {}", host, response.error().text);
    co_return answer;
  }
  answer.output = parse_bounded<OrderedJson>(response->body);
  if (response->status >= 300) {
    answer.error = error_name(answer.output);
    answer.problem = fmt::format("{} answers {} to {}: {}", host, response->status, operation,
                                 response->body.substr(0, 300));
  } else if (!answer.output.is_object()) {
    answer.problem = fmt::format("{} answers no JSON to {}", host, operation);
  }
  co_return answer;
}

}  // namespace aviary::app
