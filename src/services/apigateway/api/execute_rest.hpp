#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ports/task_group.hpp"
#include "services/apigateway/api/execute.hpp"
#include "services/apigateway/api/upstreams.hpp"
#include "services/apigateway/core/parameter_mapping.hpp"

/// What is sent to a stage of a REST API: routed, authorized, validated, mapped, given to what stands behind
/// it, and mapped back.
namespace aviary::apigateway {

struct RestExecuteDependencies {
  Clock& clock;
  Stopwatch& stopwatch;  ///< of integrations' time-outs
  Random& ids;
  const Entities& rest_apis;
  Functions& functions;
  Upstreams& upstreams;
  TaskGroup& tasks;  ///< of functions that run longer than their integration waits
  /// Whether who signed a request may call that ARN of an API; empty: whoever signs may.
  std::function<Task<Result<>>(const wire::Request&, std::string)> may_invoke{};
};

/// Lives on the loop's thread; keeps what authorizers said, as long as their time to live lasts.
class RestExecute {
 public:
  explicit RestExecute(RestExecuteDependencies d) : d_(d) {}

  bool serves(std::string_view api) const { return d_.rest_apis.find(api_key(api)) != nullptr; }
  Task<wire::Response> answer(wire::Request request, ApiAddress address);
  void reset() { judgements_.clear(); }

 private:
  struct Request;
  struct Kept {
    OrderedJson answer;
    Instant until;
  };

  Task<wire::Response> run(const wire::Request& request, ApiAddress address, std::string request_id,
                           std::string extended_id);
  std::optional<wire::Response> route(const wire::Request& request, const ApiAddress& address, Request& what);
  // rest_admission.cpp: who may come in, and with what
  Task<std::optional<wire::Response>> authorize(const wire::Request& request, Request& what);
  std::optional<wire::Response> check_key(const wire::Request& request, Request& what) const;
  std::optional<wire::Response> validate(const wire::Request& request, const Request& what) const;
  // rest_integrate.cpp: what stands behind a method
  Task<wire::Response> integrate(const wire::Request& request, Request& what);
  Task<wire::Response> run_proxy(const wire::Request& request, Request& what);
  Task<wire::Response> run_function(const wire::Request& request, Request& what);
  Task<wire::Response> run_upstream(const wire::Request& request, Request& what);
  wire::Response run_mock(const wire::Request& request, Request& what);
  struct Ran;
  Task<Ran> call_function(const wire::Request& request, const Request& what, std::string payload,
                          bool asynchronous);

  RestExecuteDependencies d_;
  std::map<std::string, Kept> judgements_;  ///< by API, stage, authorizer and identity
};

}  // namespace aviary::apigateway
