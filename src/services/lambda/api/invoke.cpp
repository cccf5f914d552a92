#include <fmt/format.h>

#include "base/encoding.hpp"
#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/api/request_keys.hpp"
#include "services/lambda/core/capacity.hpp"
#include "services/lambda/core/errors.hpp"
#include "services/lambda/core/json_check.hpp"
#include "services/lambda/core/tenancy.hpp"

namespace aviary::lambda {
namespace {

constexpr std::size_t synchronous_limit = 6291456;
constexpr std::size_t asynchronous_limit = 1048576;
constexpr std::size_t client_context_limit = 3583;
/// A payload above this is checked away from the loop, if there are workers.
constexpr std::size_t large_payload = 256 * 1024;
constexpr std::string_view force_version_header = "X-Aviary-Force-Version";

namespace rows = models::lambda::errors;

Result<> check_size(std::size_t bytes, bool is_event) {
  if (is_event && bytes > asynchronous_limit) {
    return AwsError(rows::RequestEntityTooLargeException,
                    fmt::format("{} byte payload is too large for the Event invocation type (limit {} bytes)",
                                bytes, asynchronous_limit));
  }
  if (bytes > synchronous_limit) {
    // AWS names its own operation so, not "Invoke".
    return AwsError(rows::RequestEntityTooLargeException,
                    fmt::format("Request must be smaller than {} bytes for the InvokeFunction operation",
                                synchronous_limit));
  }
  return {};
}

AwsError unparsable(const std::string& problem) {
  return invalid_content("Could not parse request body into json: Could not parse payload into json: " +
                         problem);
}

/// The client context, decoded; empty if there is none.
Result<std::string> client_context_of(const Json& input) {
  const std::string& encoded = text_of(input, "ClientContext");
  if (encoded.empty()) return std::string();
  if (encoded.size() > client_context_limit) {
    return invalid_content(
        fmt::format("Client context must be at most {} bytes of Base64-encoded data.", client_context_limit));
  }
  std::optional<std::string> decoded = base64_decode(encoded);
  if (!decoded || json_problem(*decoded) || decoded->find('{') == std::string::npos) {
    return invalid_content("Client context must be a valid Base64-encoded JSON object.");
  }
  return std::move(*decoded);
}

/// `X-Amzn-Trace-Id` of the caller, or a new one.
std::string trace_of(const Call& call, Random& ids) {
  const std::string_view given = call.http ? call.http->header("X-Amzn-Trace-Id") : std::string_view{};
  return given.empty() ? new_trace(call.now, ids) : std::string(given);
}

}  // namespace

Task<std::optional<std::string>> LambdaService::payload_problem(std::shared_ptr<const std::string> payload) {
  if (!workers_ || payload->size() <= large_payload) co_return json_problem(*payload);
  auto check = [payload] { return json_problem(*payload); };
  std::optional<std::string> problem = co_await workers_->run(std::move(check));
  co_return problem;
}

LambdaService::Answer LambdaService::invoke(Call call) {
  Result<Target> target = target_of(call);
  if (!target) co_return target.error();
  const std::string& type = text_of(call.input, "InvocationType");
  const bool is_event = type == "Event";
  const std::string tenant_id = text_of(call.input, "TenantId");
  if (const Result<> fits = check_size(call.payload.size(), is_event); !fits) co_return fits.error();

  if (call.payload.empty()) {
    call.payload = "{}";
  } else if (workers_ && call.payload.size() > large_payload) {
    auto shared = std::make_shared<std::string>(std::move(call.payload));
    const std::optional<std::string> problem = co_await payload_problem(shared);
    if (problem) co_return unparsable(*problem);
    call.payload = std::move(*shared);
  } else if (const std::optional<std::string> problem = json_problem(call.payload)) {
    co_return unparsable(*problem);
  }
  Result<std::string> client_context = client_context_of(call.input);
  if (!client_context) co_return client_context.error();

  const Result<> permitted =
      check_permission(target->scope, target->name, target->qualifier, {.account = call.account});
  if (!permitted) co_return permitted.error();

  if (is_event || type == "DryRun") {
    // Neither draws here: a dry run runs nothing, and an event is routed when it runs.
    const Function* function = store_.find(target->scope, target->name, moment());
    const Result<const Snapshot*> named =
        function ? invoked_version(store_, *function, target->qualifier) : Result<const Snapshot*>(nullptr);
    if (!named) co_return named.error();
    const Snapshot* main = *named;
    if (!main) {
      co_return function_not_found(target->scope, target->name,
                                   target->qualifier.empty() ? latest_qualifier : target->qualifier);
    }
    if (const Result<> tenant = check_tenant(*main->version, tenant_id); !tenant) co_return tenant.error();
    if (!is_event) co_return Reply{.status = 204};
    std::string trace = trace_of(call, ids_);
    Event event{.request_id = std::move(call.request_id),
                .scope = std::move(target->scope),
                .function_name = std::move(target->name),
                .qualifier = std::move(target->qualifier),
                .payload = std::move(call.payload),
                .trace_id = std::move(trace),
                .accepted = clock_.now()};
    event.tenant_id = tenant_id;
    if (const Result<> started = start_if_durable(event, text_of(call.input, "DurableExecutionName"));
        !started)
      co_return started.error();
    Reply accepted{.status = 202};
    if (!event.durable_execution.empty()) accepted.output["DurableExecutionArn"] = event.durable_execution;
    accept_event(std::move(event));
    co_return accepted;
  }

  const RequestKeys keys(call.http, *client_context, call.payload);
  const std::string_view forced = call.http ? call.http->header(force_version_header) : std::string_view{};
  Result<InvokeTarget> resolved =
      dispatcher_.resolve(target->scope, target->name, target->qualifier, forced, &keys, moment());
  if (!resolved) co_return resolved.error();

  const VersionHandle version = resolved->version;
  if (const Result<> named = check_tenant(*version, tenant_id); !named) co_return named.error();
  const std::string& durable_name = text_of(call.input, "DurableExecutionName");
  if (const Result<> fits = check_durable(*version, target->qualifier, true, durable_name); !fits)
    co_return fits.error();
  const bool tail_log = text_of(call.input, "LogType") == "Tail";
  Result<std::string> trace = counted_trace(target->scope, target->name, trace_of(call, ids_));
  if (!trace) co_return trace.error();
  Invocation invocation{.request_id = std::move(call.request_id),
                        .version = version,
                        .invoked_arn = std::move(resolved->invoked_arn),
                        .payload = std::move(call.payload),
                        .client_context = std::move(*client_context),
                        .trace_id = std::move(*trace),
                        .tenant_id = tenant_id,
                        .tail_log = tail_log,
                        .durable_name = durable_name};
  if (call.operation->name == "InvokeWithResponseStream") {
    auto streaming = stream_response(std::move(invocation));
    Result<Reply> streamed = co_await std::move(streaming);
    co_return streamed;
  }
  Result<Outcome> outcome = co_await runner_.run(std::move(invocation));
  if (!outcome) co_return outcome.error();

  Reply reply;
  reply.output["ExecutedVersion"] = version->number;
  if (!outcome->function_error.empty()) reply.output["FunctionError"] = std::move(outcome->function_error);
  if (!outcome->durable_execution.empty())
    reply.output["DurableExecutionArn"] = std::move(outcome->durable_execution);
  if (tail_log) reply.output["LogResult"] = base64_encode(outcome->log_tail);
  reply.payload = std::move(outcome->payload);
  co_return reply;
}

LambdaService::Answer LambdaService::invoke_async(Call call) {
  call.input["InvocationType"] = "Event";
  // The event is all that the operation has; its blob may have come as a member.
  if (call.payload.empty()) call.payload = text_of(call.input, "InvokeArgs");
  Result<Reply> reply = co_await invoke(std::move(call));
  co_return reply;
}

}  // namespace aviary::lambda
