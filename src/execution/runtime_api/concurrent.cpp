#include "execution/runtime_api/concurrent.hpp"

#include <utility>

#include "base/log.hpp"
#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/invocation_path.hpp"
#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {
namespace {

constexpr std::string_view version_prefix = "/2018-06-01";

std::shared_ptr<Session> plain(const std::shared_ptr<ConcurrentSession>& session) {
  return {session, &session->session()};
}

Task<wire::Response> next_of_many(std::shared_ptr<ConcurrentSession> session, std::uint64_t connection) {
  const RuntimeState state = session->session().runtime_state();
  if (!allowed(state, RuntimeCall::Next)) co_return refused(state, RuntimeCall::Next);
  const std::shared_ptr<WaitingRuntime> runtime = session->wait(connection);
  if (!runtime) {
    log::debug("Runtime.TooManyIdleRuntimes: as many runtimes wait for an event as the function may have");
    co_return internal_error();
  }
  auto waiting = runtime->event.wait();
  const bool there = co_await std::move(waiting);
  if (!there) co_return internal_error();
  std::optional<Delivery> delivery = session->take_event_of(runtime->request_id);
  if (!delivery) co_return internal_error();
  co_return render(std::move(*delivery));
}

wire::Response post_of_many(ConcurrentSession& session, InvocationPath path, wire::Request& request) {
  const PostCheck check = session.post(path.id, path.action == "error", request.connection);
  if (check == PostCheck::Accepted) return take_post(session.session(), path, request);
  log::debug("{}: {} of {}", error_type(check), path.action, path.id);
  return check == PostCheck::InvokeTimeout ? invoke_timeout() : invalid_request_id();
}

Task<wire::Response> serve(std::weak_ptr<ConcurrentSession> weak, wire::Request request) {
  std::shared_ptr<ConcurrentSession> session = weak.lock();
  if (!session) co_return internal_error();
  auto answering = handle_concurrent(std::move(session), std::move(request));
  co_return co_await std::move(answering);
}

}  // namespace

Task<wire::Response> handle_concurrent(std::shared_ptr<ConcurrentSession> session, wire::Request request) {
  std::string_view path = request.path();
  if (path.starts_with(version_prefix)) path.remove_prefix(version_prefix.size());
  const std::optional<InvocationPath> invocation = invocation_path(path);
  const bool next = invocation && invocation->id == "next" && request.method == "GET";
  const bool post = invocation && request.method == "POST" &&
                    (invocation->action == "response" || invocation->action == "error");
  if (!next && !post) {
    auto answering = handle(plain(session), std::move(request));
    co_return co_await std::move(answering);
  }
  Session& one = session->session();
  if (!one.owns(request)) {
    // A quick process may be heard before the launcher's word that it runs.
    const std::optional<OneShot<bool>> settled = one.launch_settled();
    if (!settled) co_return not_yours();
    auto settling = settled->wait();
    co_await std::move(settling);
    if (!one.owns(request)) co_return not_yours();
  }
  if (!one.open()) co_return internal_error();
  if (post) co_return post_of_many(*session, *invocation, request);
  auto waiting = next_of_many(std::move(session), request.connection);
  co_return co_await std::move(waiting);
}

std::unique_ptr<RuntimeListener> listen_concurrent(RuntimeEndpoints& endpoints,
                                                   const std::weak_ptr<ConcurrentSession>& weak,
                                                   std::string& problem) {
  return endpoints.open([weak](wire::Request request) { return serve(weak, std::move(request)); },
                        [weak](const wire::Request& request) {
                          const std::shared_ptr<ConcurrentSession> session = weak.lock();
                          return session ? session->session().receive(request) : nullptr;
                        },
                        problem);
}

}  // namespace aviary::execution::runtime_api
