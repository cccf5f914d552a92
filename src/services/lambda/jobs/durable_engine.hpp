#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/one_shot.hpp"
#include "ports/records.hpp"
#include "ports/task_group.hpp"
#include "services/lambda/core/durable_execution.hpp"
#include "services/lambda/core/function_runner.hpp"
#include "services/lambda/core/function_store.hpp"

namespace aviary::lambda {

/// A function that a durable function calls, and waits for.
struct ChainedCall {
  Scope scope;
  std::string function;
  std::string payload;
  std::string trace_id;
  std::string tenant_id{};
};

/// Runs durable executions: invokes their function again and again, with what it has checkpointed, until it
/// has come to an end; whatever it waits for (waits, retries, callbacks, functions, the end of its time)
/// waits by the Clock. Invocations of functions that are not durable pass straight through to the runner
/// behind it.
///
/// An invocation that fails as such (crash, time-out, an answer that is none) is tried again after 5 seconds,
/// five times in a row at most, as AWS's emulator does it. With a durable journal executions survive a
/// restart; what was running then runs again.
class DurableEngine final : public ForwardingRunner {
 public:
  using Chain = std::function<Task<Result<Outcome>>(ChainedCall)>;

  DurableEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal, FunctionStore& store,
                FunctionRunner& runner, Random& ids);
  ~DurableEngine() override;
  /// How functions call functions; before the first invocation.
  void set_chain(Chain chain) { chain_ = std::move(chain); }

  Task<Result<Outcome>> run(Invocation invocation) override;

  /// Begins an execution of a durable version and answers its ARN; or that of the execution that has this
  /// name already, if it has the same function and payload. Errors: 409
  /// DurableExecutionAlreadyStartedException.
  Result<std::string> start(Invocation invocation);

  /// Takes a function's updates: 400 InvalidParameterValueException for what is wrong with them, or a token
  /// that is not (any more) the good one. Answers as CheckpointDurableExecution does.
  Result<Json> checkpoint(const std::string& arn, const Json& input);
  /// 404 ResourceNotFoundException.
  Result<const DurableExecution*> find(const std::string& arn) const;
  std::vector<const DurableExecution*> of_function(const Scope& scope, std::string_view function) const;
  /// Answers when it was stopped; one that has ended stays as it is.
  Result<Instant> stop_execution(const std::string& arn, Json error);
  Result<> end_callback(const std::string& callback_id, std::string_view status,
                        std::optional<std::string> result, Json error);
  Result<> heartbeat(const std::string& callback_id);

  void restore();
  /// Forgets all executions; whoever waits for one is answered with an error.
  void clear();
  /// The function is gone: its running executions fail.
  void function_gone(const Scope& scope, std::string_view function);
  /// Nothing starts any more; completes when nothing runs.
  Task<> stop();
  std::size_t size() const noexcept { return executions_.size(); }
  /// Executions of which an invocation is under way.
  std::size_t running() const;

 private:
  struct Active {
    DurableExecution execution;
    bool invoked = false;  ///< an invocation is under way
    std::string first_request;
    bool tail_log = false;
    Outcome last;  ///< of the last invocation: its log, its times
    std::string client_token;
    Json last_answer;                       ///< what the checkpoint with that token was answered
    std::map<std::string, TimerId> timers;  ///< by operation and kind
    TimerId deadline = 0;
    TimerId retention = 0;
    TimerId retrying = 0;
    std::vector<OneShot<bool>> waiters;
  };

  Task<Result<Outcome>> run_to_its_end(Invocation invocation);
  Task<Result<Outcome>> wait_for(std::string arn);
  void drive(const std::string& arn);
  Task<> invoke(std::string arn);
  void judge(Active& active, const Result<Outcome>& outcome, Instant from, const std::string& request_id);
  void invocation_failed(Active& active, Json error);
  Task<> chain(std::string arn, std::string operation, ChainedCall call);
  /// Sets or cancels what an operation waits for.
  void arm(Active& active, DurableOperation& operation);
  void arm_timer(Active& active, const std::string& key, Instant when,
                 std::function<void(Active&, DurableOperation&)> what, const std::string& operation);
  void disarm(Active& active, const std::string& operation);
  void arm_execution(Active& active);
  void wake(Active& active);
  void settle(Active& active);
  void save(Active& active);
  void erase(const std::string& arn);
  Active* active(const std::string& arn);
  Result<std::pair<Active*, DurableOperation*>> callback(const std::string& callback_id);

  Clock& clock_;
  TaskGroup tasks_;
  Journal& journal_;
  Records<Json> heads_;
  Records<Json> operation_records_;
  Records<Json> event_records_;
  FunctionStore& store_;
  Random& ids_;
  Chain chain_;
  std::map<std::string, Active> executions_;                    ///< by ARN
  std::map<std::pair<Scope, std::string>, std::string> names_;  ///< to the ARN
  bool stopping_ = false;
};

}  // namespace aviary::lambda
