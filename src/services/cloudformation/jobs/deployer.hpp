#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/cloudformation/core/neighbours.hpp"
#include "services/cloudformation/core/resource_type.hpp"
#include "services/cloudformation/core/stack_store.hpp"
#include "services/cloudformation/jobs/responses.hpp"
#include "services/cloudformation/jobs/waiters.hpp"

namespace aviary::cloudformation {

/// Makes stacks what they are wished to be: resources in the order of their dependencies, side by side where
/// nothing keeps them apart, and back again when one fails. One task a stack; the API has checked before that
/// the stack is not busy, and has set the status of the beginning.
class Deployer {
 public:
  struct Dependencies {
    StackStore& store;
    Cloud& cloud;
    Clock& clock;
    Random& ids;
    std::string responses_url;     ///< below which functions report how it went, with a slash at its end
    bool records_unknown = false;  ///< resources of types that are not there are recorded, with a warning
    Duration settling{};           ///< how long what the other services make is pending, by the clock
    boost::asio::any_io_executor executor;
  };
  explicit Deployer(Dependencies dependencies);

  /// Tells a stack that is about to be made whose it is, if it is a nested one.
  void adopt(Stack& stack);
  /// The stack's wish is what is to be made, except for `imports` (as ResourcesToImport has them), which are
  /// there already. Status: CREATE_IN_PROGRESS.
  void create(const std::string& stack_id, const Json& imports = Json::array());
  /// Status: UPDATE_IN_PROGRESS.
  void update(const std::string& stack_id, Wish wish, const Json& imports = Json::array());
  /// Takes resources that are there already. `wanted`: ResourcesToImport. Status: IMPORT_IN_PROGRESS.
  void take_in(const std::string& stack_id, Wish wish, Json wanted);
  /// Those of `candidates`, as ResourcesToImport has them, that are there. `context` says where.
  Task<Json> existing_of(Context context, Json candidates);
  /// Status: DELETE_IN_PROGRESS. `retained`: logical ids that are left alone.
  void remove(const std::string& stack_id, std::set<std::string> retained);
  /// Status: ROLLBACK_IN_PROGRESS, of a creation, or UPDATE_ROLLBACK_IN_PROGRESS. `skipped`: logical ids that
  /// stay as they are.
  void roll_back(const std::string& stack_id, std::set<std::string> skipped);
  /// What a function or a host reports; false: nobody waits there.
  bool receive(std::string_view token, std::string body) {
    const bool taken = responses_.receive(token, std::move(body));
    waiters_.wake(token);
    return taken;
  }
  /// A creation or an update that is under way goes no further, and back. Status of the latter:
  /// UPDATE_ROLLBACK_IN_PROGRESS already.
  void cancel(const std::string& stack_id, std::string_view why = "User Initiated");
  /// An alarm has gone to ALARM: what it watches over goes back.
  void on_alarm(std::string_view arn);
  /// Something has happened to what the steps of a resource wait for.
  void tell(std::string_view subject) { waiters_.wake(subject); }
  /// True when nothing works on the stack any more; false when the server ends before. A stack that is gone
  /// rests, too.
  Task<bool> rests(std::string stack_id);
  /// All stacks are gone.
  void forget() {
    responses_.clear();
    waiters_.wake_all();
  }
  /// Completes when no stack is being worked on any more; what waits is given up.
  Task<> stop();

 private:
  /// What one resource was before the run touched it.
  struct Undo {
    std::string logical_id;
    StackResource before;
    bool existed = false;
    bool replaced = false;
  };
  /// One way from a stack as it is to its wish.
  struct Run;
  struct Performed {
    std::vector<Json> outputs;
    std::optional<std::string> problem;
  };

  // notifications.cpp
  void notify(const Stack& stack, const StackEvent& event);
  Task<> run_notifications();
  Task<> run_create(std::shared_ptr<Run> run);
  Task<> run_update(std::shared_ptr<Run> run);
  Task<> run_remove(std::string stack_id, std::set<std::string> retained);
  // imports.cpp
  Task<> run_import(std::shared_ptr<Run> run, Json wanted);
  Task<std::optional<std::string>> import_one(std::shared_ptr<Run> run, std::string name, std::string id);
  Task<> run_rollback(std::string stack_id, std::set<std::string> skipped);
  /// What the wish of a run that is through does not have, and what it has replaced.
  static std::vector<StackResource> without_use(Run& run, const Stack& stack);
  void begin_run(Run& run, const Stack& stack);
  Task<> deploy(std::shared_ptr<Run> run);
  // monitoring.cpp
  Task<> look_for_alarms(std::shared_ptr<Run> run);
  Task<> monitor(std::shared_ptr<Run> run);
  /// Whether what does not hang on a failure is made all the same.
  bool preserves(const Stack& stack) const;
  Task<> deploy_one(std::shared_ptr<Run> run, std::string name);
  Task<> undo(std::shared_ptr<Run> run);
  Task<> undo_change(std::shared_ptr<Run> run, Undo last);
  Task<bool> clean_up(std::string stack_id, std::vector<StackResource> leftovers, bool undoing);
  std::optional<std::string> settle_outputs(Stack& stack, const Wish& wish,
                                            const std::map<std::string, bool>& conditions);

  // deploy_resource.cpp; a text is why it failed
  Task<std::optional<std::string>> make_resource(std::shared_ptr<Run> run, std::string name);
  Task<std::optional<std::string>> create_resource(std::shared_ptr<Run> run, std::string name,
                                                   Json properties, Json shown);
  Task<std::optional<std::string>> change_resource(std::shared_ptr<Run> run, std::string name,
                                                   Json properties, Json shown, Json update_policy);
  Task<std::optional<std::string>> remove_resource(std::string stack_id, StackResource resource);
  Task<Performed> perform(Context context, Steps steps);
  /// Whether the stack that is being worked on goes back: something of it failed, or somebody wants it so.
  bool turns_back(const std::string& stack_id) const;
  /// Whether nothing is waited for any more in the stack: it goes back, it is gone, the server ends.
  bool gives_up(const std::string& stack_id);
  /// Why what was waited for did not come, when the stack gives up.
  std::string given_up(const Context& context);

  // carry_out.cpp
  /// What became of one creation or update.
  struct Outcome {
    bool exists = false;  ///< whether there is something now, also when it failed half-way
    Made made;
    bool no_echo = false;
    std::optional<std::string> problem;
  };
  // imports.cpp
  /// Something that is there already, as if it had just been made.
  Task<Outcome> look_for(Context context, std::string type_name, Json properties, std::string id);
  static bool is_known_type(std::string_view type);
  static bool is_nested_stack(std::string_view type);
  static bool needs_replacement(std::string_view type, const Json& before, const Json& after);
  Task<std::optional<std::string>> look_for_namesake(Context context, std::string type, Json properties);
  Task<Outcome> carry_out_creation(Context context, std::string type, Json properties);
  Task<Outcome> carry_out_update(std::shared_ptr<Run> run, Context context, std::string type,
                                 Existing existing, Json wanted);
  Task<std::optional<std::string>> carry_out_removal(Context context, std::string type, Existing existing);
  /// Properties with the values of their dynamic references.
  Task<Result<Json>> with_looked_up(Context context, std::string type, Json properties);
  // custom_resources.cpp
  Task<Outcome> ask_function(std::string request_type, Context context, std::string type, Existing existing,
                             Json properties);
  Task<Outcome> await_signals(Context context, Json properties);
  // nested_stacks.cpp
  Task<bool> rests_with(std::string stack_id, std::string parent_id);
  Task<Outcome> create_nested(Context context, Json properties);
  Task<Outcome> update_nested(std::shared_ptr<Run> run, Context context, Existing existing, Json wanted);
  Task<std::optional<std::string>> undo_nested(std::shared_ptr<Run> run, std::string stack_id);
  Task<std::optional<std::string>> remove_nested(std::string stack_id);
  Context context_of(const Stack& stack, const std::string& logical_id);

  StackStore& store_;
  Cloud& cloud_;
  Clock& clock_;
  Random& ids_;
  Responses responses_;
  bool records_unknown_;
  Duration settling_;
  Waiters waiters_;  ///< by ARN of a stack, and by what tells an address apart
  std::map<std::string, std::shared_ptr<Run>> runs_;  ///< by ARN, until they go back
  std::map<std::string, std::string> parents_;        ///< of stacks to come, by `account/region/name`
  std::deque<Cloud::Ask> news_;                       ///< messages to topics, on their way
  bool is_notifying_ = false;
  TaskGroup tasks_;
  bool stopping_ = false;
};

}  // namespace aviary::cloudformation
