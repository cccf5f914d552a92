#include "execution/environment_state.hpp"

#include <array>

namespace aviary::execution {
namespace {

struct Transition {
  State from;
  Event event;
  State to;
};

constexpr std::array transitions{
    Transition{State::Starting, Event::Launch, State::Initialising},
    Transition{State::Starting, Event::End, State::Dead},
    Transition{State::Initialising, Event::Ready, State::Idle},
    Transition{State::Initialising, Event::Reset, State::Resetting},
    Transition{State::Initialising, Event::ProcessGone, State::Stopped},
    Transition{State::Initialising, Event::End, State::Dead},
    Transition{State::Idle, Event::Deliver, State::Invoking},
    Transition{State::Idle, Event::ProcessGone, State::Stopped},
    Transition{State::Idle, Event::End, State::Dead},
    Transition{State::Invoking, Event::Respond, State::Responded},
    Transition{State::Invoking, Event::Reset, State::Resetting},
    Transition{State::Invoking, Event::ProcessGone, State::Stopped},
    Transition{State::Invoking, Event::End, State::Dead},
    Transition{State::Responded, Event::Ready, State::Idle},
    Transition{State::Responded, Event::Reset, State::Resetting},
    Transition{State::Responded, Event::ProcessGone, State::Stopped},
    Transition{State::Responded, Event::End, State::Dead},
    Transition{State::Resetting, Event::ProcessGone, State::Stopped},
    Transition{State::Resetting, Event::End, State::Dead},
    Transition{State::Initialising, Event::Snapshot, State::Snapshotted},
    Transition{State::Snapshotted, Event::Restore, State::Restoring},
    Transition{State::Snapshotted, Event::ProcessGone, State::Stopped},
    Transition{State::Snapshotted, Event::End, State::Dead},
    Transition{State::Restoring, Event::Ready, State::Idle},
    Transition{State::Restoring, Event::End, State::Dead},
    Transition{State::Stopped, Event::Restart, State::Starting},
    Transition{State::Stopped, Event::End, State::Dead},
};

constexpr std::size_t states = 10;
constexpr std::size_t events = 10;

constexpr auto table = [] {
  std::array<std::array<std::int8_t, events>, states> made{};
  for (auto& row : made) row.fill(-1);
  for (const Transition& t : transitions)
    made[static_cast<std::size_t>(t.from)][static_cast<std::size_t>(t.event)] =
        static_cast<std::int8_t>(t.to);
  return made;
}();

constexpr std::array<std::string_view, states> state_names{
    "starting",  "initialising", "idle",      "invoking", "responded",
    "resetting", "snapshotted",  "restoring", "stopped",  "dead"};

struct Allowed {
  RuntimeState state;
  RuntimeCall call;
};

// `next` is allowed again while waiting and while running: a runtime that lost its connection asks once more.
constexpr std::array allowed_calls{
    Allowed{RuntimeState::Started, RuntimeCall::Next},
    Allowed{RuntimeState::Started, RuntimeCall::InitError},
    Allowed{RuntimeState::Ready, RuntimeCall::Next},
    Allowed{RuntimeState::Running, RuntimeCall::Next},
    Allowed{RuntimeState::Running, RuntimeCall::Response},
    Allowed{RuntimeState::Running, RuntimeCall::Error},
    Allowed{RuntimeState::ResponseSent, RuntimeCall::Next},
    Allowed{RuntimeState::Started, RuntimeCall::RestoreNext},
    Allowed{RuntimeState::RestoreReady, RuntimeCall::RestoreNext},
    Allowed{RuntimeState::Restoring, RuntimeCall::Next},
    Allowed{RuntimeState::Restoring, RuntimeCall::RestoreError},
};

}  // namespace

std::optional<State> after(State state, Event event) noexcept {
  const std::int8_t to = table[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
  if (to < 0) return std::nullopt;
  return static_cast<State>(to);
}

std::string_view name(State state) noexcept { return state_names[static_cast<std::size_t>(state)]; }

bool allowed(RuntimeState state, RuntimeCall call) noexcept {
  for (const Allowed& a : allowed_calls)
    if (a.state == state && a.call == call) return true;
  return false;
}

std::string_view name(RuntimeState state) noexcept {
  switch (state) {
    case RuntimeState::Started:
      return "Started";
    case RuntimeState::InitError:
      return "InitError";
    case RuntimeState::Ready:
      return "Ready";
    case RuntimeState::Running:
      return "Running";
    case RuntimeState::ResponseSent:
      return "RuntimeResponseSentState";
    case RuntimeState::RestoreReady:
      return "RestoreReady";
    case RuntimeState::Restoring:
      return "Restoring";
  }
  return {};
}

std::string_view target_name(RuntimeCall call) noexcept {
  switch (call) {
    case RuntimeCall::Next:
      return "Ready";
    case RuntimeCall::Response:
      return "InvocationResponse";
    case RuntimeCall::Error:
      return "InvocationErrorResponse";
    case RuntimeCall::InitError:
      return "InitError";
    case RuntimeCall::RestoreNext:
      return "RestoreReady";
    case RuntimeCall::RestoreError:
      return "RestoreError";
  }
  return {};
}

}  // namespace aviary::execution
