#include "execution/invoke_board.hpp"

#include <gtest/gtest.h>

/// The Runtime API of an environment that takes several invocations side by side.
namespace aviary::execution {
namespace {

TEST(InvokeBoard, WhoHasWaitedLongestGetsTheEvent) {
  InvokeBoard board(2);
  EXPECT_FALSE(board.takes());
  EXPECT_EQ(board.begin("a"), BeginCheck::NoIdleRuntime);
  const auto first = board.wait(1);
  const auto second = board.wait(2);
  EXPECT_EQ(board.begin("a"), BeginCheck::Begun);
  EXPECT_EQ(first->request_id, "a");
  EXPECT_TRUE(first->event.is_set());
  EXPECT_FALSE(second->event.is_set());
  EXPECT_EQ(board.begin("b"), BeginCheck::Begun);
  EXPECT_EQ(second->request_id, "b");
  EXPECT_EQ(board.running(), 2U);
}

TEST(InvokeBoard, NoMoreWaitThanMayRun) {
  InvokeBoard board(2);
  EXPECT_TRUE(board.wait(1));
  EXPECT_TRUE(board.wait(2));
  EXPECT_FALSE(board.wait(3)) << "Runtime.TooManyIdleRuntimes";
  board.begin("a");
  EXPECT_TRUE(board.wait(3));
}

// One runtime may ask for the next event while it works: as many as may be are handed out, and no more.
TEST(InvokeBoard, NoMoreRunThanMay) {
  InvokeBoard board(1);
  board.wait(1);
  EXPECT_EQ(board.begin("a"), BeginCheck::Begun);
  board.wait(1);
  EXPECT_FALSE(board.takes());
  EXPECT_EQ(board.begin("b"), BeginCheck::NoIdleRuntime);
  board.finish("a");
  EXPECT_EQ(board.begin("b"), BeginCheck::Begun);
}

TEST(InvokeBoard, AnIdRunsOnce) {
  InvokeBoard board(2);
  board.wait(1);
  board.wait(2);
  board.begin("a");
  EXPECT_EQ(board.begin("a"), BeginCheck::DuplicatedInvokeId);
  EXPECT_EQ(board.idle(), 1U);
}

TEST(InvokeBoard, WhatIsPostedTwiceIsRefused) {
  InvokeBoard board(3);
  for (int i = 0; i < 3; ++i) board.wait(1);
  board.begin("a");
  board.begin("b");
  EXPECT_EQ(board.respond("x"), PostCheck::InvalidInvokeId);
  EXPECT_EQ(board.fail("x"), PostCheck::InvalidInvokeId);

  EXPECT_EQ(board.respond("a"), PostCheck::Accepted);
  EXPECT_EQ(board.respond("a"), PostCheck::ResponseInProgress);
  EXPECT_EQ(board.fail("a"), PostCheck::Accepted) << "an error ends a response that is on its way";
  EXPECT_EQ(board.fail("a"), PostCheck::ErrorInProgress);
  EXPECT_EQ(board.respond("a"), PostCheck::ResponseInProgress);
  EXPECT_EQ(board.respond("b"), PostCheck::Accepted) << "the other one is on its own";
  board.finish("a");
  EXPECT_EQ(board.respond("a"), PostCheck::InvalidInvokeId);
}

TEST(InvokeBoard, WhatTimedOutIsToldOnce) {
  InvokeBoard board(1);
  board.wait(1);
  board.begin("a");
  board.time_out("a");
  EXPECT_EQ(board.running(), 0U);
  EXPECT_EQ(board.returning(), 0U) << "its runtime works on";
  EXPECT_EQ(board.respond("a"), PostCheck::InvokeTimeout);
  EXPECT_EQ(board.respond("a"), PostCheck::InvalidInvokeId);

  board.wait(1);
  board.begin("a");
  board.time_out("a");
  board.wait(1);
  EXPECT_EQ(board.begin("a"), BeginCheck::Begun) << "a retry has the same id";
  EXPECT_EQ(board.respond("a"), PostCheck::Accepted);
}

TEST(InvokeBoard, KnowsWhoIsAboutToComeBack) {
  InvokeBoard board(2);
  board.wait(1);
  board.begin("a");
  board.finish("a");
  EXPECT_EQ(board.returning(), 1U);
  board.wait(1);
  EXPECT_EQ(board.returning(), 0U);
}

TEST(InvokeBoard, ARuntimeThatEndedGetsNoEvent) {
  InvokeBoard board(2);
  const auto gone = board.wait(7);
  const auto there = board.wait(8);
  board.drop_lost([](std::uint64_t connection) { return connection != 7; });
  EXPECT_TRUE(gone->event.is_set());
  board.begin("a");
  EXPECT_EQ(there->request_id, "a");
  EXPECT_EQ(gone->request_id, "");
  const auto last = board.wait(9);
  board.release_all();
  EXPECT_TRUE(last->event.is_set());
  EXPECT_EQ(board.idle(), 0U);
}

TEST(InvokeBoard, ErrorsAreNamedAsAwsNamesThem) {
  EXPECT_EQ(error_type(PostCheck::InvalidInvokeId), "Runtime.InvalidInvokeId");
  EXPECT_EQ(error_type(PostCheck::InvokeTimeout), "Runtime.InvokeTimeout");
  EXPECT_EQ(error_type(PostCheck::ResponseInProgress), "Runtime.InvokeResponseInProgress");
  EXPECT_EQ(error_type(PostCheck::ErrorInProgress), "Runtime.ErrorResponseInProgress");
  EXPECT_EQ(error_type(PostCheck::Accepted), "");
}

}  // namespace
}  // namespace aviary::execution
