#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "services/lambda/core/version.hpp"

/// How many requests a second Lambda takes. Developer guide, "Lambda quotas": API requests.
namespace aviary::lambda {

/// Requests a second, of each account and region; 0: as many as there are.
struct RequestRateLimits {
  double control_plane = 0;  ///< all operations together, but for the two below and invocations
  double get_function = 0;
  double get_policy = 0;
  double invoke = 0;  ///< of each function, for each one of its concurrency

  bool any() const { return control_plane > 0 || get_function > 0 || get_policy > 0 || invoke > 0; }
};

/// 15, 100, 15 and 10.
RequestRateLimits aws_request_rates();
/// `off`, `aws`, `control-plane=30,get-policy=5`, or `aws,invoke=0`; nothing for what is none of these.
std::optional<RequestRateLimits> parse_request_rates(std::string_view text);
/// What `parse_request_rates` reads.
std::string request_rates_text(const RequestRateLimits& limits);

/// Counts by the clock: a bucket holds what one second gives.
class RequestRates {
 public:
  explicit RequestRates(RequestRateLimits limits) : limits_(limits) {}

  bool active() const { return limits_.any(); }
  /// Of an operation that is no invocation: 429 TooManyRequestsException, CallerRateLimitExceeded.
  Result<> admit(const Scope& scope, std::string_view operation, Instant now);
  /// Of an invocation: 429 with FunctionInvocationRateLimitExceeded, or the same of reserved concurrency.
  Result<> admit_invoke(const Scope& scope, std::string_view function, double concurrency, bool reserved,
                        Instant now);
  void clear() { buckets_.clear(); }

 private:
  struct Bucket {
    double tokens = 0;
    Instant filled{};
  };
  bool take(std::string key, double rate, Instant now);

  RequestRateLimits limits_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace aviary::lambda
