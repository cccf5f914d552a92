#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "services/lambda/core/durable_execution.hpp"
#include "services/lambda/core/errors.hpp"

/// Which updates a checkpoint may bring. The rules and the texts are those of AWS's own emulator, the
/// validators of
/// `@aws/durable-execution-sdk-js-testing`.
namespace aviary::lambda {
namespace {

using Statuses = std::span<const std::string_view>;

/// What an action asks of an operation of its type.
struct Transition {
  std::string_view type;
  std::string_view action;
  bool needs_operation;  ///< it has to be there already; else it may also be new
  bool refuses_operation;
  Statuses from;             ///< if it is there, one of these
  std::string_view refusal;  ///< what AWS says otherwise
};

constexpr std::array started{std::string_view("STARTED")};
constexpr std::array ready{std::string_view("READY")};
constexpr std::array started_or_ready{std::string_view("STARTED"), std::string_view("READY")};

constexpr Transition transitions[] = {
    {"STEP", "START", false, false, ready, "Invalid current STEP state to start."},
    {"STEP", "FAIL", false, false, started_or_ready, "Invalid current STEP state to close."},
    {"STEP", "SUCCEED", false, false, started_or_ready, "Invalid current STEP state to close."},
    {"STEP", "RETRY", false, false, started_or_ready, "Invalid current STEP state to re-attempt."},
    {"CONTEXT", "START", false, true, {}, "Cannot start a CONTEXT that already exists."},
    {"CONTEXT", "FAIL", false, false, started, "Invalid current CONTEXT state to close."},
    {"CONTEXT", "SUCCEED", false, false, started, "Invalid current CONTEXT state to close."},
    {"WAIT", "START", false, true, {}, "Cannot start a WAIT that already exists."},
    {"WAIT", "CANCEL", true, false, started,
     "Cannot cancel a WAIT that does not exist or has already completed."},
    {"CALLBACK", "START", false, true, {}, "Cannot start a CALLBACK that already exists."},
    {"CALLBACK", "CANCEL", true, false, started,
     "Cannot cancel a CALLBACK that does not exist or has already completed."},
    {"CHAINED_INVOKE", "START", false, true, {}, "Cannot start a CHAINED_INVOKE that already exists."},
    {"CHAINED_INVOKE", "CANCEL", true, false, started,
     "Cannot cancel a CHAINED_INVOKE that does not exist or has already completed."},
    {"EXECUTION", "SUCCEED", false, false, {}, ""},
    {"EXECUTION", "FAIL", false, false, {}, ""},
};

constexpr std::size_t most_error_bytes = 32768;

const DurableOperation* operation_of(const DurableExecution& execution, const std::string& id) {
  const auto found = execution.index.find(id);
  return found == execution.index.end() ? nullptr : &execution.operations[found->second];
}

/// The state an operation is in when an update comes: also through updates before it in the same request.
struct Seen {
  std::string type;
  std::string status;
};

Result<> check_transition(const Json& update, const Seen* now) {
  const std::string& type = text_of(update, "Type");
  const std::string& action = text_of(update, "Action");
  const auto row = std::ranges::find_if(
      transitions, [&](const Transition& one) { return one.type == type && one.action == action; });
  if (row == std::end(transitions)) return invalid_parameter("Invalid action for the given operation type.");
  if (now && type != "EXECUTION" && now->type != type)
    return invalid_parameter("Operation type cannot be changed.");
  const bool fits =
      now ? !row->refuses_operation &&
                (row->from.empty() || std::ranges::find(row->from, now->status) != row->from.end())
          : !row->needs_operation;
  if (!fits) return invalid_parameter(std::string(row->refusal));
  const bool has_payload = find_member(update, "Payload") != nullptr;
  const bool has_error = find_member(update, "Error") != nullptr;
  if (action == "FAIL" && has_payload) return invalid_parameter("Cannot provide a Payload for FAIL action.");
  if (action == "SUCCEED" && has_error)
    return invalid_parameter("Cannot provide an Error for SUCCEED action.");
  if (action == "RETRY") {
    if (!find_member(update, "StepOptions"))
      return invalid_parameter("Invalid StepOptions for the given action.");
    if (has_payload && has_error)
      return invalid_parameter("Cannot provide both error and payload to RETRY a STEP.");
  }
  if (action == "START" && type == "WAIT" && !find_member(update, "WaitOptions"))
    return invalid_parameter("Invalid WaitOptions for the given action.");
  if (action == "START" && type == "CHAINED_INVOKE" && !find_member(update, "ChainedInvokeOptions"))
    return invalid_parameter("Invalid ChainedInvokeOptions for the given action.");
  if (has_error && update.dump(-1, ' ', false, Json::error_handler_t::replace).size() > most_error_bytes)
    return invalid_parameter("Error object size must be less than 32768 bytes.");
  return {};
}

}  // namespace

Result<> check_durable_updates(const DurableExecution& execution, const Json& updates) {
  const auto is_execution = [](const Json& update) { return text_of(update, "Type") == "EXECUTION"; };
  const auto of_execution = std::ranges::count_if(updates, is_execution);
  if (of_execution > 1) return invalid_parameter("Cannot checkpoint multiple EXECUTION updates.");
  if (of_execution == 1 && !is_execution(updates.back()))
    return invalid_parameter("EXECUTION checkpoint must be the last update.");

  std::unordered_map<std::string, Seen> seen;
  for (const Json& update : updates) {
    const std::string& id = text_of(update, "Id");
    const std::string& type = text_of(update, "Type");
    const std::string& action = text_of(update, "Action");
    const auto before = seen.find(id);
    if (before != seen.end()) {
      // A step or a context may begin and end in one request.
      const bool begins_and_ends = (before->second.type == "STEP" || before->second.type == "CONTEXT") &&
                                   before->second.status == "STARTED" && action != "START";
      if (!begins_and_ends)
        return invalid_parameter("Cannot update the same operation twice in a single request.");
    }
    if (const std::string& parent = text_of(update, "ParentId"); !parent.empty()) {
      const auto fresh = seen.find(parent);
      const DurableOperation* known = operation_of(execution, parent);
      const bool is_context =
          fresh != seen.end() ? fresh->second.type == "CONTEXT" : known && known->type() == "CONTEXT";
      if (!is_context) return invalid_parameter("Invalid parent operation id.");
    }
    std::optional<Seen> current;
    if (before != seen.end())
      current = before->second;
    else if (const DurableOperation* known = operation_of(execution, id))
      current = Seen{.type = known->type(), .status = known->status()};
    if (const Result<> fits = check_transition(update, current ? &*current : nullptr); !fits)
      return fits.error();
    seen.insert_or_assign(id, Seen{.type = type, .status = action == "START" ? "STARTED" : "CLOSED"});
  }
  return {};
}

}  // namespace aviary::lambda
