#pragma once

#include <optional>
#include <string_view>

#include "execution/runtime_api/session.hpp"
#include "wire/message.hpp"

namespace aviary::execution::runtime_api {

/// `<id>/response` → `<id>`, `response`.
struct InvocationPath {
  std::string_view id;
  std::string_view action;
};

/// Of a path without the version. Nothing where it is not about an invocation.
std::optional<InvocationPath> invocation_path(std::string_view path);
/// A response or an error that the runtime may post now.
wire::Response take_post(Session& session, InvocationPath path, wire::Request& request);
/// The event as `next` answers it.
wire::Response render(Delivery delivery);

}  // namespace aviary::execution::runtime_api
