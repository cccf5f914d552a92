#include "app/runtime_images.hpp"

#include <gtest/gtest.h>

namespace aviary::app {
namespace {

TEST(RuntimeImages, AreThoseThatWereNamed) {
  EXPECT_EQ(image_for_runtime({}, "python3.12"), "");
  EXPECT_EQ(image_for_runtime({"nodejs20.x", "python3.12=mine:1"}, "python3.12"), "mine:1");
  EXPECT_EQ(image_for_runtime({"all"}, "python3.12"), "public.ecr.aws/lambda/python:3.12");
  EXPECT_EQ(image_for_runtime({"all"}, "nodejs20.x"), "public.ecr.aws/lambda/nodejs:20");
  EXPECT_EQ(image_for_runtime({"all"}, "provided.al2023"), "public.ecr.aws/lambda/provided:al2023");
  EXPECT_EQ(image_for_runtime({"java21"}, "java17"), "");
}

}  // namespace
}  // namespace aviary::app
