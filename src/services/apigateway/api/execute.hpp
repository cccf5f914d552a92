#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "gateway/payload_format.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "ports/task_group.hpp"
#include "services/apigateway/api/upstreams.hpp"
#include "services/apigateway/core/authorization.hpp"
#include "services/apigateway/core/domains.hpp"
#include "services/apigateway/core/entities.hpp"
#include "wire/message.hpp"

/// What is sent to an API: routed, authorized, given to a function, answered.
namespace aviary::apigateway {

/// One call of a function for an API.
struct FunctionCall {
  std::string account;  ///< the API's
  std::string region;
  std::string function;  ///< ARN, also of a version or an alias: an alias draws by its weights
  std::string payload;
  std::string trace_id;
  std::string source_arn;       ///< `arn:aws:execute-api:…`, for the function's policy
  const wire::Request* http{};  ///< whose headers a sticky alias may go by; lives until the answer
  bool asynchronous = false;    ///< accepted, not awaited: then the answer is empty
};
struct FunctionAnswer {
  std::string payload;
  bool failed = false;  ///< the function raised, ended or ran out of time
};

/// Runs functions. Errors: no such function, not permitted, throttled, cannot run.
class Functions {
 public:
  virtual ~Functions() = default;
  virtual Task<Result<FunctionAnswer>> run(FunctionCall call) = 0;
};

/// Which API a request is for: by Host, `<id>.execute-api.<region>.localhost`, or by path,
/// `/_aws/execute-api/<id>/<stage>/…` and `/restapis/<id>/<stage>/_user_request_/…`. By Host `target` begins
/// with the stage, if it is not `$default`. A name of one's own leads to the API, and usually the stage, that
/// is mapped there; `target` is what the mapping leaves of the path.
struct ApiAddress {
  std::string id;
  std::string target;
  std::string stage{};      ///< that a mapping names; empty: see `target`
  std::string full_path{};  ///< of a name of one's own: as sent, without query
  std::string prefix{};     ///< likewise: the name's first label
  bool by_name() const { return !full_path.empty(); }
};
std::optional<ApiAddress> api_address(const wire::Request& request);
/// By the names that there are; nothing if the Host is none of them. The id is empty if nothing is mapped
/// there.
std::optional<ApiAddress> named_address(const wire::Request& request, const Domains& domains);

struct ExecuteDependencies {
  Clock& clock;
  Stopwatch& stopwatch;  ///< of integrations' time-outs
  Random& ids;
  const Entities& http_apis;
  Functions& functions;
  Upstreams& upstreams;
  TaskGroup& tasks;  ///< of functions that run longer than their integration waits
  /// Whether who signed a request may call that ARN of an API; empty: whoever signs may.
  std::function<Task<Result<>>(const wire::Request&, std::string)> may_invoke{};
};

/// Lives on the loop's thread; keeps what authorizers said, as long as their time to live lasts.
class Execute {
 public:
  explicit Execute(ExecuteDependencies d) : d_(d) {}

  Task<wire::Response> answer(wire::Request request, ApiAddress address);
  void reset() { judgements_.clear(); }

 private:
  struct Request;
  Task<wire::Response> run(const wire::Request& request, ApiAddress address, std::string request_id);
  Task<std::optional<wire::Response>> authorize(const wire::Request& request, Request& what);
  // http_integrate.cpp: what stands behind a route
  Task<wire::Response> integrate(const wire::Request& request, Request& what);
  struct Ran;
  Task<Ran> run_integration(const wire::Request& request, const Request& what, std::string path);
  Task<Ran> run_function(const wire::Request& request, const Request& what);
  Task<Ran> run_upstream(const wire::Request& request, const Request& what, std::string path);

  struct Kept {
    OrderedJson answer;
    Instant until;
  };
  ExecuteDependencies d_;
  std::map<std::string, Kept> judgements_;  ///< by API, stage, authorizer and identity
};

}  // namespace aviary::apigateway
