#include "services/lambda/core/request_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "models/lambda.hpp"

namespace aviary::lambda {
namespace {

struct Named {
  std::string_view name;
  double RequestRateLimits::*limit;
};
constexpr std::array named{Named{"control-plane", &RequestRateLimits::control_plane},
                           Named{"get-function", &RequestRateLimits::get_function},
                           Named{"get-policy", &RequestRateLimits::get_policy},
                           Named{"invoke", &RequestRateLimits::invoke}};

/// What running functions ask for, and invocations: none of these counts as control plane.
constexpr std::array uncounted{"Invoke",
                               "InvokeAsync",
                               "InvokeWithResponseStream",
                               "CheckpointDurableExecution",
                               "GetDurableExecutionState",
                               "SendDurableExecutionCallbackFailure",
                               "SendDurableExecutionCallbackHeartbeat",
                               "SendDurableExecutionCallbackSuccess"};

constexpr double most = 1e9;
constexpr std::size_t most_buckets = 100'000;

AwsError too_many(std::string message, std::string reason) {
  AwsError error{models::lambda::errors::TooManyRequestsException, std::move(message)};
  error.members.emplace_back("Reason", std::move(reason));
  return error;
}

bool read_one(std::string_view part, RequestRateLimits& limits) {
  if (part == "aws") {
    limits = aws_request_rates();
    return true;
  }
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return false;
  const auto found = std::ranges::find(named, part.substr(0, equals), &Named::name);
  if (found == named.end()) return false;
  const std::string_view number = part.substr(equals + 1);
  double value = 0;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (problem != std::errc{} || end != number.data() + number.size() || !(value >= 0 && value <= most))
    return false;
  limits.*found->limit = value;
  return true;
}

}  // namespace

RequestRateLimits aws_request_rates() {
  return {.control_plane = 15, .get_function = 100, .get_policy = 15, .invoke = 10};
}

std::optional<RequestRateLimits> parse_request_rates(std::string_view text) {
  RequestRateLimits limits;
  if (text == "off") return limits;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (!read_one(text.substr(0, comma), limits)) return std::nullopt;
    if (comma == std::string_view::npos) return limits;
    text.remove_prefix(comma + 1);
  }
}

std::string request_rates_text(const RequestRateLimits& limits) {
  if (!limits.any()) return "off";
  std::string text;
  for (const Named& one : named)
    text += fmt::format("{}{}={:g}", text.empty() ? "" : ",", one.name, limits.*one.limit);
  return text;
}

bool RequestRates::take(std::string key, double rate, Instant now) {
  const double full = std::max(rate, 1.0);
  if (buckets_.size() >= most_buckets && !buckets_.contains(key)) buckets_.clear();
  const auto [found, is_new] = buckets_.try_emplace(std::move(key), Bucket{.tokens = full, .filled = now});
  Bucket& bucket = found->second;
  if (now > bucket.filled) {
    const double passed = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens = std::min(full, bucket.tokens + passed * rate);
    bucket.filled = now;
  }
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

Result<> RequestRates::admit(const Scope& scope, std::string_view operation, Instant now) {
  if (std::ranges::find(uncounted, operation) != uncounted.end()) return {};
  const bool of_its_own = operation == "GetFunction" || operation == "GetPolicy";
  const double rate = operation == "GetFunction" ? limits_.get_function
                      : operation == "GetPolicy" ? limits_.get_policy
                                                 : limits_.control_plane;
  if (rate <= 0) return {};
  if (take(fmt::format("{}/{}/{}", scope.account, scope.region, of_its_own ? operation : ""), rate, now))
    return {};
  return too_many("Rate exceeded", "CallerRateLimitExceeded");
}

Result<> RequestRates::admit_invoke(const Scope& scope, std::string_view function, double concurrency,
                                    bool reserved, Instant now) {
  const double rate = limits_.invoke * concurrency;
  // What reserves nothing at all is refused for that.
  if (rate <= 0) return {};
  if (take(fmt::format("{}/{}/function:{}", scope.account, scope.region, function), rate, now)) return {};
  return too_many("Rate Exceeded.", reserved ? "ReservedFunctionInvocationRateLimitExceeded"
                                             : "FunctionInvocationRateLimitExceeded");
}

}  // namespace aviary::lambda
