#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "execution/invoke_board.hpp"
#include "execution/runtime_api/session.hpp"
#include "execution/runtime_endpoints.hpp"

namespace aviary::execution {

/// What the Runtime API asks of an environment that takes several invocations side by side. All but
/// `invocation/…` is as everywhere, and asked of `session`.
class ConcurrentSession {
 public:
  virtual ~ConcurrentSession() = default;
  virtual Session& session() = 0;
  /// One more runtime wants an event. Null: it may not, as many wait already, or the environment ends.
  virtual std::shared_ptr<WaitingRuntime> wait(std::uint64_t connection) = 0;
  /// Nothing when the invocation has ended meanwhile.
  virtual std::optional<Delivery> take_event_of(const std::string& request_id) = 0;
  /// Whether this may be posted about the invocation. If it is accepted, `session` takes what comes next
  /// (`respond`, `fail`, `streamed_bytes`) to be about it.
  virtual PostCheck post(std::string_view request_id, bool error, std::uint64_t connection) = 0;
};

namespace runtime_api {

/// Opens an address at which this session is served. Null, and the problem, if that fails.
std::unique_ptr<RuntimeListener> listen_concurrent(RuntimeEndpoints& endpoints,
                                                   const std::weak_ptr<ConcurrentSession>& weak,
                                                   std::string& problem);
Task<wire::Response> handle_concurrent(std::shared_ptr<ConcurrentSession> session, wire::Request request);

}  // namespace runtime_api
}  // namespace aviary::execution
