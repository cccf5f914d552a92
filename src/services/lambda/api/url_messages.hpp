#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "wire/message.hpp"

/// What goes into a function through its URL and what comes out of it: payload format 2.0.
namespace aviary::lambda {

/// Who called a URL, if its AuthType asks.
struct UrlCaller {
  std::string account;  ///< empty: anonymous
  std::string access_key;
};

struct UrlCall {
  std::string_view url_id;
  std::string_view region;
  std::string_view target;  ///< path and query, as sent
  std::string_view request_id;
  std::string_view trace_id;
  Instant now;
  UrlCaller caller{};
};

/// The function's event.
std::string url_event(const wire::Request& request, const UrlCall& call);

/// What the function answered, as HTTP. One that failed, or whose answer cannot be read so, is a 502.
wire::Response url_answer(Outcome outcome);

/// 403, as AWS words it when the caller may not invoke.
wire::Response url_forbidden();
/// 403 for a host that no function has.
wire::Response url_unknown();
/// What keeps a call from running at all.
wire::Response url_unrun(const AwsError& error);
wire::Response url_error(int status, std::string_view message, std::string_view type = {});

}  // namespace aviary::lambda
