#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "execution/environment_state.hpp"
#include "execution/failure.hpp"
#include "execution/runtime_api/extension_host.hpp"
#include "ports/one_shot.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "wire/message.hpp"

namespace aviary::execution {

/// What `next` hands to the runtime.
struct Delivery {
  const lambda::Invocation* invocation;  ///< lives until the environment's next step
  std::string payload;
  std::int64_t deadline_ms;  ///< since 1970, on the process's clock
};

/// What the Runtime API's endpoints ask of an environment and tell it. Calls that the runtime's state refuses
/// are answered by the endpoint and never get here.
class Session {
 public:
  virtual ~Session() = default;
  /// False once the runtime that calls is being killed, or the environment is gone.
  virtual bool open() const = 0;
  virtual RuntimeState runtime_state() const = 0;
  /// Of the invocation that the runtime works on, or has just answered; empty if none.
  virtual std::string_view request_id() const = 0;
  /// Whether the request comes from a process of this environment.
  virtual bool owns(const wire::Request& request) = 0;
  /// While the launcher has not told yet that the process is there, whose a connection is cannot be said: set
  /// once it has. Nothing when there is nothing to wait for.
  virtual std::optional<OneShot<bool>> launch_settled() = 0;

  /// The runtime wants an event. Set to true when there is one to take, to false when there will be none.
  virtual OneShot<bool> wants_event() = 0;
  /// Nothing when the invocation has ended meanwhile, or its payload was too large to be kept for a second
  /// delivery.
  virtual std::optional<Delivery> take_event() = 0;
  virtual void respond(std::string payload) = 0;
  /// Where the response of this request goes while it comes, if its caller wants it so; else null.
  virtual std::shared_ptr<wire::BodyStream> receive(const wire::Request& request) = 0;
  /// What the current invocation's response has streamed so far.
  virtual std::uint64_t streamed_bytes() const = 0;
  /// The invocation ends with an error that the runtime posted, or with one in place of what it posted.
  virtual void fail(Failure failure) = 0;
  virtual void fail_init(Failure failure) = 0;

  /// Null where there are no extensions, now or ever.
  virtual ExtensionHost* extension_host() { return nullptr; }
  /// Whether the function starts from a snapshot: only then there is `restore`.
  virtual bool from_snapshot() const { return false; }
  /// The runtime has been initialised. Set to true once an invocation wants it, to false when none will.
  virtual OneShot<bool> wants_restore() {
    OneShot<bool> never;
    never.set(false);
    return never;
  }
  virtual void fail_restore() {}
};

}  // namespace aviary::execution
