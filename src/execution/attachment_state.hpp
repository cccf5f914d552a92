#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace aviary::execution {

/// Whether a developer's process is at a function's Runtime API address, and what it is doing.
enum class AttachState : std::uint8_t {
  Nobody,     ///< invocations go to environments as usual
  Waiting,    ///< it waits in `next`
  Running,    ///< it has an event
  Responded,  ///< it has answered and is not back in `next`
};

enum class AttachEvent : std::uint8_t {
  Next,     ///< it asks for an event
  Deliver,  ///< an event was handed to it
  Respond,  ///< it posted a response or an error
  Gone,     ///< its connection has ended
};

/// The state after `event`, or nothing where that is refused.
std::optional<AttachState> after(AttachState state, AttachEvent event) noexcept;
std::string_view name(AttachState state) noexcept;

}  // namespace aviary::execution
