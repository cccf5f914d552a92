#pragma once

#include <memory>
#include <string_view>

#include "execution/runtime_api/session.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

/// Lambda's Runtime API (`/2018-06-01/runtime/…`): one endpoint a file, answers to the letter of AWS's
/// runtime interface emulator.
namespace aviary::execution::runtime_api {

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
