#pragma once

#include <string_view>

#include "execution/environment_state.hpp"
#include "wire/message.hpp"

/// What the Runtime API answers, byte for byte: Go's JSON encoder ends each document with a newline.
namespace aviary::execution::runtime_api {

wire::Response accepted();
wire::Response invalid_request_id();
wire::Response refused(RuntimeState state, RuntimeCall call);
wire::Response too_large();
wire::Response truncated();
wire::Response invalid_response_mode();
/// Of an invocation that has timed out, where the runtime goes on after that.
wire::Response invoke_timeout();
wire::Response internal_error();
wire::Response not_yours();
wire::Response not_found();
wire::Response method_not_allowed();

}  // namespace aviary::execution::runtime_api
