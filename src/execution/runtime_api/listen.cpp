#include <fmt/format.h>

#include <utility>

#include "execution/runtime_api/answers.hpp"
#include "execution/runtime_api/runtime_api.hpp"
#include "wire/body_stream.hpp"

namespace aviary::execution::runtime_api {
namespace {

/// A coroutine of its own: a capturing lambda must not be one.
Task<wire::Response> serve(std::weak_ptr<Session> weak, wire::Request request) {
  std::shared_ptr<Session> session = weak.lock();
  if (!session) co_return internal_error();
  auto answering = handle(std::move(session), std::move(request));
  co_return co_await std::move(answering);
}

}  // namespace

std::unique_ptr<RuntimeListener> listen(RuntimeEndpoints& endpoints, const std::weak_ptr<Session>& weak,
                                        std::string& problem) {
  return endpoints.open([weak](wire::Request request) { return serve(weak, std::move(request)); },
                        [weak](const wire::Request& request) {
                          const std::shared_ptr<Session> session = weak.lock();
                          return session ? session->receive(request) : nullptr;
                        },
                        problem);
}

bool streams_response(const lambda::Invocation& invocation, const wire::Request& request) {
  return invocation.stream && request.header("Lambda-Runtime-Function-Response-Mode") == "streaming" &&
         request.path() == fmt::format("/2018-06-01/runtime/invocation/{}/response", invocation.request_id);
}

std::shared_ptr<wire::BodyStream> begin_stream(const lambda::Invocation& invocation,
                                               const wire::Request& request) {
  const std::string_view type = request.header("Content-Type");
  if (invocation.stream_begins) invocation.stream_begins(type.empty() ? "application/octet-stream" : type);
  return invocation.stream;
}

}  // namespace aviary::execution::runtime_api
