#include "app/operation_notes.hpp"

#include <gtest/gtest.h>

#include "models/lambda.hpp"

namespace aviary::app {
namespace {

TEST(OperationNotes, SayOfEveryOperationOfLambdaWhatIsHonoured) {
  for (const models::Operation& operation : models::lambda::service.operations)
    EXPECT_NE(operation_note("lambda", operation.name), "") << operation.name;
  EXPECT_EQ(operation_note("lambda", "Zzz"), "");
  EXPECT_EQ(operation_note("sqs", "ListTags"), "");
}

}  // namespace
}  // namespace aviary::app
