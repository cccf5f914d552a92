#pragma once

#include "ports/one_shot.hpp"
#include "services/cloudformation/jobs/deployer.hpp"

namespace aviary::cloudformation {

struct Deployer::Run {
  std::string stack_id;
  Wish wish;
  bool updates = false;
  std::map<std::string, bool> conditions;
  std::map<std::string, std::string>
      imports;  ///< by logical id: what it is known by, for it is there already
  std::map<std::string, std::set<std::string>> waiting;  ///< resources to come, with what they wait for
  std::size_t running = 0;
  std::vector<Undo> undos;                    ///< in the order of doing
  std::vector<StackResource> leftovers;       ///< replaced: to be removed when all is well
  std::map<std::string, Wish> nested_before;  ///< of nested stacks that the run updates, by ARN
  std::vector<std::string> failed;            ///< logical ids
  std::string problem;                        ///< of the first that failed
  bool preserves = false;                     ///< a failure stops only what hangs on it
  bool cancelled = false;                     ///< by a caller: it goes back, whatever the stack's settings
  bool stopped = false;                       ///< from outside: `problem` says why, not what failed of it
  TimerId timeout = 0;
  OneShot<bool> wake;

  bool goes_on() const { return problem.empty() || (preserves && !cancelled); }
};

/// Properties of a kind that nobody expects (a text where a list belongs) end here.
template <class Work>
std::optional<std::string> attempted(Work work) {
  try {
    work();
    return std::nullopt;
  } catch (const Json::exception&) {
    return "Properties validation failed: a property is not of the kind that its type has";
  }
}

}  // namespace aviary::cloudformation
