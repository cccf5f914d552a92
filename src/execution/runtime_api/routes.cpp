#include <optional>
#include <string_view>

#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/invocation_path.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {
namespace {

constexpr std::string_view version_prefix = "/2018-06-01";
constexpr std::string_view invocation_prefix = "/runtime/invocation/";

InvocationPath split(std::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {rest, {}};
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

/// Whether fewer bytes came than Content-Length promised: the sender died, or closed early.
bool is_truncated(const wire::Request& request) {
  const std::string_view promised = request.header("Content-Length");
  if (promised.empty() || promised.size() > 18) return false;
  std::uint64_t length = 0;
  for (const char c : promised) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return request.body.size() < length;
}

wire::Response post_invocation(Session& session, InvocationPath path, wire::Request& request) {
  if (path.id.empty() || path.id != session.request_id()) return invalid_request_id();
  const RuntimeCall call = path.action == "error" ? RuntimeCall::Error : RuntimeCall::Response;
  if (!allowed(session.runtime_state(), call)) return refused(session.runtime_state(), call);
  return take_post(session, path, request);
}

wire::Response dispatch(Session& session, wire::Request& request, std::string_view path) {
  const bool post = request.method == "POST";
  if (path.starts_with(invocation_prefix)) {
    const InvocationPath invocation = split(path.substr(invocation_prefix.size()));
    if (invocation.action != "response" && invocation.action != "error") return not_found();
    return post ? post_invocation(session, invocation, request) : method_not_allowed();
  }
  if (path == "/runtime/restore/error" && session.from_snapshot())
    return post ? restore_error(session) : method_not_allowed();
  if (path == "/runtime/init/error") return post ? init_error(session, request) : method_not_allowed();
  if (path == "/ping") return request.method == "GET" ? ping() : method_not_allowed();
  return not_found();
}

}  // namespace

std::optional<InvocationPath> invocation_path(std::string_view path) {
  if (!path.starts_with(invocation_prefix)) return std::nullopt;
  return split(path.substr(invocation_prefix.size()));
}

wire::Response take_post(Session& session, InvocationPath path, wire::Request& request) {
  if (is_truncated(request)) {
    session.fail({InvocationEnd::Failure, "Runtime.TruncatedResponse", "HTTP request detected as truncated"});
    return truncated();
  }
  return path.action == "error" ? error(session, path.id, request) : response(session, path.id, request);
}

Task<wire::Response> handle(std::shared_ptr<Session> session, wire::Request request) {
  std::string_view path = request.path();
  if (!session->owns(request)) {
    // A quick process may be heard before the launcher's word that it runs.
    const std::optional<OneShot<bool>> settled = session->launch_settled();
    if (!settled) co_return not_yours();
    auto settling = settled->wait();
    co_await std::move(settling);
    if (!session->owns(request)) co_return not_yours();
  }
  if (!path.starts_with(version_prefix) && is_extension_path(path)) {
    auto calling = extension_call(std::move(session), std::move(request));
    co_return co_await std::move(calling);
  }
  if (!session->open()) co_return internal_error();
  if (!path.starts_with(version_prefix)) co_return path == "/ping" ? ping() : not_found();
  path.remove_prefix(version_prefix.size());
  if (path == "/runtime/invocation/next") {
    if (request.method != "GET") co_return method_not_allowed();
    auto waiting = next(std::move(session));
    co_return co_await std::move(waiting);
  }
  if (path == "/runtime/restore/next" && session->from_snapshot()) {
    if (request.method != "GET") co_return method_not_allowed();
    auto waiting = restore_next(std::move(session));
    co_return co_await std::move(waiting);
  }
  co_return dispatch(*session, request, path);
}

}  // namespace aviary::execution::runtime_api
