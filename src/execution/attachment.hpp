#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "execution/attachment_state.hpp"
#include "execution/environment.hpp"

namespace aviary::execution {

/// A Runtime API address for a process that the developer started, in a debugger for instance. While that
/// process asks for events, it gets the function's invocations, one after the other, and no time-out runs.
///
/// There is no sandbox and no process of ours: that somebody is there shows in its requests, that it went
/// away in its connection. What it prints is on its own console; the log has the platform's lines.
///
/// Lives on the loop. Owned by the runner; the listener holds weak references.
class Attachment final : public Session, public std::enable_shared_from_this<Attachment> {
 public:
  struct Owner {
    /// Answers an invocation's caller.
    std::function<void(JobPtr, Result<lambda::Outcome>)> settle;
    /// The process is gone, and this invocation has not reached it.
    std::function<void(JobPtr)> give_back;
  };
  Attachment(Surroundings& around, Owner owner, EnvironmentIdentity identity);
  ~Attachment() override;

  /// Opens the address; what is wrong if that fails, else empty.
  std::string open_address();
  const std::string& address() const noexcept { return address_; }
  const EnvironmentIdentity& identity() const noexcept { return identity_; }

  /// Whether a process is there to take invocations.
  bool attached();
  /// Only while `attached`. Waits behind the one that runs.
  void take(JobPtr job);
  /// Lets go: what runs ends with `reason`, what waits is given back.
  void close(const AwsError& reason);
  EnvironmentInfo info() const;

  // The Runtime API's side.
  bool open() const override { return !closed_; }
  RuntimeState runtime_state() const override;
  std::string_view request_id() const override;
  bool owns(const wire::Request& request) override;
  std::optional<OneShot<bool>> launch_settled() override { return std::nullopt; }
  OneShot<bool> wants_event() override;
  std::optional<Delivery> take_event() override;
  void respond(std::string payload) override;
  std::shared_ptr<wire::BodyStream> receive(const wire::Request& request) override;
  std::uint64_t streamed_bytes() const override;
  void fail(Failure failure) override;
  void fail_init(Failure failure) override;

 private:
  void move(AttachEvent event);
  void deliver_next();
  void finish(lambda::Outcome outcome, InvocationEnd end, std::string error_type, std::string log_line);
  void fail_running(const Failure& failure);
  void watch();
  void look();
  void lose();

  Surroundings& around_;
  const Owner owner_;
  const EnvironmentIdentity identity_;
  FunctionLog log_;
  std::string address_;
  std::unique_ptr<RuntimeListener> listener_;
  AttachState state_ = AttachState::Nobody;
  bool closed_ = false;

  std::uint64_t connection_ = 0;  ///< the last one that its requests came on
  bool one_call_each_ = false;    ///< it closes the connection after every call: silence tells nothing
  std::chrono::nanoseconds silent_since_{};  ///< without a connection; zero: it has one
  std::optional<OneShot<bool>> waiter_;
  std::deque<JobPtr> waiting_;
  JobPtr job_;
  bool streaming_ = false;
  std::chrono::nanoseconds started_{};
  std::uint64_t invocations_ = 0;
  TimerId timer_ = 0;
  const std::chrono::nanoseconds created_;
};

}  // namespace aviary::execution
