#pragma once

#include <boost/asio/any_io_executor.hpp>
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
    Stopwatch& stopwatch;
    Random& ids;
    boost::asio::any_io_executor executor;
  };
  explicit Deployer(Dependencies dependencies);

  /// The stack's wish is what is to be made. Status: CREATE_IN_PROGRESS.
  void create(const std::string& stack_id);
  /// Status: UPDATE_IN_PROGRESS.
  void update(const std::string& stack_id, Wish wish);
  /// Status: DELETE_IN_PROGRESS. `retained`: logical ids that are left alone.
  void remove(const std::string& stack_id, std::set<std::string> retained);
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

  Task<> run_create(std::string stack_id);
  Task<> run_update(std::string stack_id, Wish wish);
  Task<> run_remove(std::string stack_id, std::set<std::string> retained);
  void begin_run(Run& run, const Stack& stack);
  Task<> deploy(std::shared_ptr<Run> run);
  Task<> deploy_one(std::shared_ptr<Run> run, std::string name);
  Task<> undo(std::shared_ptr<Run> run);
  Task<> undo_change(std::shared_ptr<Run> run, Undo last);
  Task<bool> clean_up(std::string stack_id, std::vector<StackResource> leftovers, bool undoing);
  std::optional<std::string> settle_outputs(Stack& stack, const Wish& wish,
                                            const std::map<std::string, bool>& conditions);

  // deploy_resource.cpp; a text is why it failed
  Task<std::optional<std::string>> make_resource(std::shared_ptr<Run> run, std::string name);
  Task<std::optional<std::string>> create_resource(std::shared_ptr<Run> run, std::string name,
                                                   Json properties);
  Task<std::optional<std::string>> change_resource(std::shared_ptr<Run> run, std::string name,
                                                   Json properties, Json update_policy);
  Task<std::optional<std::string>> remove_resource(std::string stack_id, StackResource resource);
  Task<Performed> perform(std::string account, std::string region, Steps steps);
  Context context_of(const Stack& stack, const std::string& logical_id);

  StackStore& store_;
  Cloud& cloud_;
  Clock& clock_;
  Stopwatch& stopwatch_;
  Random& ids_;
  TaskGroup tasks_;
  bool stopping_ = false;
};

}  // namespace aviary::cloudformation
