#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "ports/task.hpp"

namespace aviary::app {

struct Parts;

/// An operation of one of the services, asked for by another part of the emulator.
struct ServiceCall {
  std::string service;  ///< as the model's id: `lambda`, `codedeploy`
  std::string operation;
  std::string account;
  std::string region;
  Json input;
};

/// Goes the way of a client's call: fitted to the model's shapes, validated, answered by the service itself.
/// The answer is the output, by model member names.
Task<Result<Json>> call_service(Parts& parts, ServiceCall call);

}  // namespace aviary::app
