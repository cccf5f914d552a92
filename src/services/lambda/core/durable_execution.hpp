#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "services/lambda/core/version.hpp"

/// Durable functions: a run that may wait for days, and is replayed from what it has checkpointed. The words
/// are those of the service model (2025-12-01); how operations move is taken from AWS's own local emulators,
/// the
/// `-testing` packages of the durable execution SDKs.
namespace aviary::lambda {

/// A step, a wait, a callback…: the model's `Operation`, and what its record does not tell.
struct DurableOperation {
  Json record;         ///< `Operation`; timestamps in seconds since 1970
  Json options;        ///< what the START asked for: CallbackOptions, ChainedInvokeOptions, Payload
  Instant heard_of{};  ///< CALLBACK: when it was started, or its last heartbeat
  const std::string& id() const { return text_of(record, "Id"); }
  const std::string& type() const { return text_of(record, "Type"); }
  const std::string& status() const { return text_of(record, "Status"); }
};

/// One durable execution: all that its history is told and its function is replayed from.
struct DurableExecution {
  Scope scope;
  std::string function_name;
  std::string version;  ///< a number or `$LATEST`
  std::string name;     ///< the caller's idempotency key, or a new one
  std::string id;       ///< tells apart executions of one name
  std::string invoked_arn;
  std::string payload;
  std::string trace_id;
  std::string tenant_id;  ///< see `Invocation::tenant_id`
  std::int64_t timeout_seconds = 0;
  std::int64_t retention_days = 0;
  Instant started{};
  std::optional<Instant> ended;
  std::string status = "RUNNING";  ///< RUNNING SUCCEEDED FAILED TIMED_OUT STOPPED
  std::optional<std::string> result;
  Json error;                                ///< `ErrorObject`; null if none
  std::vector<DurableOperation> operations;  ///< the first is the execution's own
  std::vector<Json> events;                  ///< `Event`
  std::vector<std::string> news;             ///< ids of operations that changed since the function last heard
  std::uint64_t token = 0;                   ///< the number in the checkpoint token that is good now
  std::uint32_t failed_invocations = 0;      ///< in a row
  bool suspended = false;                    ///< the function has said that it waits

  std::map<std::string, std::size_t, std::less<>> index;  ///< from an operation's id into `operations`
  std::set<std::size_t> unsaved;                          ///< operations that changed since they were saved
  std::size_t saved_events = 0;

  bool running() const { return !ended.has_value(); }
  std::string arn() const;
  std::string checkpoint_token() const;
  DurableOperation* find(std::string_view operation_id);
  /// The function will want to know of this operation, and the journal too.
  void touch(std::string_view operation_id);
};

/// 404 ResourceNotFoundException.
AwsError durable_execution_not_found(std::string_view arn);

/// Whether invocations of this version are durable executions.
bool is_durable(const Version& version);

/// A new execution, with its own operation and the event that it started.
DurableExecution begin_durable_execution(DurableExecution about, std::string operation_id);

/// Refuses updates of a checkpoint that do not fit what has been, or each other: 400
/// InvalidParameterValueException.
Result<> check_durable_updates(const DurableExecution& execution, const Json& updates);

/// Takes one update that was checked. `callback_id` is used if it starts a callback. An update of the
/// EXECUTION ends it.
void apply_durable_update(DurableExecution& execution, const Json& update, Instant now,
                          std::string callback_id);

/// What happens to operations from outside.
void end_durable_wait(DurableExecution& execution, DurableOperation& operation, Instant now);
void ready_durable_step(DurableExecution& execution, DurableOperation& operation);
/// `status`: SUCCEEDED, FAILED or TIMED_OUT. One of result and error.
void end_durable_callback(DurableExecution& execution, DurableOperation& operation, std::string_view status,
                          std::optional<std::string> result, Json error, Instant now);
void end_durable_invoke(DurableExecution& execution, DurableOperation& operation, std::string_view status,
                        std::optional<std::string> result, Json error, Instant now);
/// `status`: SUCCEEDED, FAILED, TIMED_OUT or STOPPED. What is ended stays as it is.
void end_durable_execution(DurableExecution& execution, std::string_view status,
                           std::optional<std::string> result, Json error, Instant now);
void note_durable_invocation(DurableExecution& execution, Instant from, Instant to,
                             std::string_view request_id, Json error);

/// Whether anything is under way that will wake the function.
bool awaits_anything(const DurableExecution& execution);

/// The operations that a replay needs, in order: without the insides of contexts that are done and keep only
/// their result. At most `most`, from the position that `marker` names; `NextMarker` where there are more.
Json durable_state(const DurableExecution& execution, std::string_view marker, std::size_t most);
/// The event that the function gets.
std::string durable_envelope(const DurableExecution& execution);

// For the journal.
Json durable_head(const DurableExecution& execution);
DurableExecution durable_execution_from(const Json& head);
Json durable_record(const DurableOperation& operation);
DurableOperation durable_operation_from(const Json& record);

}  // namespace aviary::lambda
