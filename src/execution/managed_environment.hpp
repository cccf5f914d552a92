#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "execution/environment.hpp"
#include "execution/invoke_board.hpp"
#include "execution/runtime_api/concurrent.hpp"

namespace aviary::execution {

/// The environment of a version on a capacity provider: it takes several invocations side by side, and runs
/// on between them. How it comes up and how it ends is as everywhere; its state is `Idle` as long as it
/// serves, and how far each invocation is stands on the board.
///
/// What differs from one that takes an invocation after the other [developer guide, "Understanding the Lambda
/// Managed Instances execution environment"]: it is ready once one of its runtimes waits; an invocation that
/// times out is answered and goes on; it is never frozen; extensions are not told of invocations.
class ManagedEnvironment final : public Environment, public ConcurrentSession {
 public:
  ManagedEnvironment(Surroundings& around, EnvironmentOwner& owner, EnvironmentIdentity identity);
  ~ManagedEnvironment() override;

  /// Whether it has a runtime for one more invocation now.
  bool takes();
  /// Runs the invocation beside the others; only while it `takes` one.
  void give(JobPtr job);
  std::size_t running() const noexcept { return running_.size(); }
  /// How many of its runtimes have answered and are about to ask for their next event.
  std::size_t returning() const noexcept { return board_.returning(); }
  /// How many more of its runtimes are expected to wait soon, because it has just come up.
  std::size_t arriving() const;
  /// For how long after that.
  static constexpr std::chrono::seconds arrival_time{1};
  /// Answers an invocation that was to run here with what its init failed of.
  void refuse(JobPtr job, const Failure& failure);

  void end(const AwsError& reason) override;
  /// It runs on: what a function does between invocations is done.
  void freeze() override {}
  EnvironmentInfo info() const override;

  // The Runtime API's side.
  Session& session() override { return *this; }
  std::shared_ptr<WaitingRuntime> wait(std::uint64_t connection) override;
  std::optional<Delivery> take_event_of(const std::string& request_id) override;
  PostCheck post(std::string_view request_id, bool error, std::uint64_t connection) override;
  void respond(std::string payload) override;
  void fail(Failure failure) override;
  std::shared_ptr<wire::BodyStream> receive(const wire::Request& request) override;
  std::uint64_t streamed_bytes() const override;

 private:
  /// An invocation that has been handed out and has no answer yet.
  struct Running {
    JobPtr job;
    std::string request_id;
    std::string invoked_arn;
    std::string trace_id;  ///< where the invocation is traced; else empty
    std::chrono::nanoseconds started{};
    Instant begun{};
    std::int64_t deadline_ms = 0;
    TimerId deadline = 0;
    std::uint64_t streams_on = 0;  ///< the connection that its response comes on, piece by piece
    bool streaming = false;
    std::string tail{};  ///< the end of its log, if its caller wants that
  };

  std::unique_ptr<RuntimeListener> open_listener(std::string& problem) override;
  bool tells_invocations() const override { return false; }
  void note_snapshot() override;
  void process_exited(ExitStatus status) override;
  void let_go() override;

  Running* find(std::string_view request_id);
  void time_out(const std::string& request_id);
  Ending failed(const Running& invocation, const Failure& failure);
  void finish(Running& invocation, Ending ending);
  void fail_all(const Failure& failure);
  void watch_log();

  InvokeBoard board_;
  std::map<std::string, std::unique_ptr<Running>, std::less<>> running_;
  std::string posted_;  ///< the invocation that the runtime posts about right now
  std::chrono::nanoseconds ready_at_{};
  std::size_t asked_ = 0;  ///< times that a runtime has asked for an event
  std::size_t tails_ = 0;  ///< invocations whose log is kept
};

}  // namespace aviary::execution
