#include "execution/environment_state.hpp"

#include <gtest/gtest.h>

#include <set>

namespace aviary::execution {
namespace {

constexpr State all_states[]{State::Starting,  State::Initialising, State::Idle,    State::Invoking,
                             State::Responded, State::Resetting,    State::Stopped, State::Dead};
constexpr Event all_events[]{Event::Launch, Event::Ready,       Event::Deliver, Event::Respond,
                             Event::Reset,  Event::ProcessGone, Event::Restart, Event::End};

TEST(EnvironmentState, AnythingEndsButTheDead) {
  for (const State state : all_states) {
    if (state == State::Dead)
      EXPECT_EQ(after(state, Event::End), std::nullopt);
    else
      EXPECT_EQ(after(state, Event::End), State::Dead) << name(state);
  }
}

TEST(EnvironmentState, TheDeadAcceptNothing) {
  for (const Event event : all_events) EXPECT_EQ(after(State::Dead, event), std::nullopt);
}

TEST(EnvironmentState, EveryStateIsReachedFromStarting) {
  std::set<State> reached{State::Starting};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const State from : std::set<State>(reached))
      for (const Event event : all_events)
        if (const auto to = after(from, event)) reached.insert(*to);
  }
  EXPECT_EQ(reached.size(), std::size(all_states));
}

TEST(EnvironmentState, AnEventIsOnlyDeliveredToAnIdleRuntime) {
  for (const State state : all_states)
    EXPECT_EQ(after(state, Event::Deliver).has_value(), state == State::Idle) << name(state);
}

TEST(EnvironmentState, AnAnswerIsOnlyTakenWhileInvoking) {
  for (const State state : all_states)
    EXPECT_EQ(after(state, Event::Respond).has_value(), state == State::Invoking) << name(state);
}

// runtime interface emulator, core/states.go and its tests.
TEST(RuntimeState, OnlyNamedCallsAreAllowed) {
  EXPECT_TRUE(allowed(RuntimeState::Started, RuntimeCall::Next));
  EXPECT_TRUE(allowed(RuntimeState::Started, RuntimeCall::InitError));
  EXPECT_FALSE(allowed(RuntimeState::Started, RuntimeCall::Response));
  EXPECT_FALSE(allowed(RuntimeState::Started, RuntimeCall::Error));
  for (const RuntimeCall call :
       {RuntimeCall::Next, RuntimeCall::Response, RuntimeCall::Error, RuntimeCall::InitError})
    EXPECT_FALSE(allowed(RuntimeState::InitError, call));
  EXPECT_TRUE(allowed(RuntimeState::Running, RuntimeCall::Next));
  EXPECT_TRUE(allowed(RuntimeState::Running, RuntimeCall::Response));
  EXPECT_TRUE(allowed(RuntimeState::Running, RuntimeCall::Error));
  EXPECT_FALSE(allowed(RuntimeState::Running, RuntimeCall::InitError));
  EXPECT_TRUE(allowed(RuntimeState::ResponseSent, RuntimeCall::Next));
  EXPECT_FALSE(allowed(RuntimeState::ResponseSent, RuntimeCall::Response));
  EXPECT_FALSE(allowed(RuntimeState::ResponseSent, RuntimeCall::Error));
}

}  // namespace
}  // namespace aviary::execution
