#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "execution/runtime_api/session.hpp"
#include "execution/runtime_endpoints.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

/// Lambda's Runtime API (`/2018-06-01/runtime/…`): one endpoint a file, answers to the letter of AWS's
/// runtime interface emulator.
namespace aviary::execution::runtime_api {

/// Opens an address at which this session is served. Null, and the problem, if that fails.
std::unique_ptr<RuntimeListener> listen(RuntimeEndpoints& endpoints, const std::weak_ptr<Session>& weak,
                                        std::string& problem);
/// Whether this request posts the invocation's response piece by piece, and its caller wants it so.
bool streams_response(const lambda::Invocation& invocation, const wire::Request& request);
/// Tells the caller that it begins; where it goes.
std::shared_ptr<wire::BodyStream> begin_stream(const lambda::Invocation& invocation,
                                               const wire::Request& request);

/// Answers one request of the environment's own listener.
Task<wire::Response> handle(std::shared_ptr<Session> session, wire::Request request);

Task<wire::Response> next(std::shared_ptr<Session> session);
wire::Response response(Session& session, std::string_view request_id, wire::Request& request);
wire::Response error(Session& session, std::string_view request_id, wire::Request& request);
wire::Response init_error(Session& session, wire::Request& request);
Task<wire::Response> restore_next(std::shared_ptr<Session> session);
wire::Response restore_error(Session& session);
wire::Response ping();

/// The Extensions API (`/2020-01-01/extension/…`), the Telemetry API and the Logs API.
bool is_extension_path(std::string_view path);
Task<wire::Response> extension_call(std::shared_ptr<Session> session, wire::Request request);

}  // namespace aviary::execution::runtime_api
