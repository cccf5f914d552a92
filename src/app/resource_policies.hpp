#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "gateway/service.hpp"
#include "ports/task.hpp"

/// Which policy hangs on a resource, and what a resource is called: asked of the service that has it, by the
/// operation that tells its clients, too.
namespace aviary::app {

struct Parts;

/// What to ask, and where in the answer to look.
struct ResourceQuestion {
  std::string_view service;  ///< the model's id
  std::string_view operation;
  Json input;
  std::string_view answer;  ///< a JSON pointer; empty: the payload
};

/// Whose policy speaks on this ARN; nothing if resources of its kind have none here.
std::optional<ResourceQuestion> policy_question(std::string_view arn);
/// Where the request does not say the whole name of what the action is on: a secret's random end, a
/// deployment's group.
std::optional<ResourceQuestion> name_question(std::string_view service, const Json& input,
                                              const std::string& resource);

/// The answer; null if there is none. An operation of the emulator's own: nobody is asked whether it may.
Task<Json> ask_service(Parts& parts, std::string account, std::string region, ResourceQuestion question);

}  // namespace aviary::app
