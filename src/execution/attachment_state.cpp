#include "execution/attachment_state.hpp"

#include <array>

namespace aviary::execution {
namespace {

struct AttachTransition {
  AttachState from;
  AttachEvent event;
  AttachState to;
};

constexpr std::array attach_transitions{
    AttachTransition{AttachState::Nobody, AttachEvent::Next, AttachState::Waiting},
    // It lost its connection, or another process took its place.
    AttachTransition{AttachState::Waiting, AttachEvent::Next, AttachState::Waiting},
    AttachTransition{AttachState::Waiting, AttachEvent::Deliver, AttachState::Running},
    AttachTransition{AttachState::Waiting, AttachEvent::Gone, AttachState::Nobody},
    AttachTransition{AttachState::Running, AttachEvent::Respond, AttachState::Responded},
    AttachTransition{AttachState::Running, AttachEvent::Gone, AttachState::Nobody},
    AttachTransition{AttachState::Responded, AttachEvent::Next, AttachState::Waiting},
    AttachTransition{AttachState::Responded, AttachEvent::Gone, AttachState::Nobody},
};

}  // namespace

std::optional<AttachState> after(AttachState state, AttachEvent event) noexcept {
  for (const AttachTransition& row : attach_transitions)
    if (row.from == state && row.event == event) return row.to;
  return std::nullopt;
}

std::string_view name(AttachState state) noexcept {
  switch (state) {
    case AttachState::Nobody:
      return "nobody";
    case AttachState::Waiting:
      return "waiting";
    case AttachState::Running:
      return "invoking";
    case AttachState::Responded:
      return "responded";
  }
  return {};
}

}  // namespace aviary::execution
