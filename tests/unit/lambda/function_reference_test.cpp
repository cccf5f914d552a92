#include "services/lambda/core/function_reference.hpp"

#include <gtest/gtest.h>

namespace aviary::lambda {
namespace {

struct Case {
  std::string text, name, qualifier, account, region;
};

TEST(FunctionReference, TakesEveryFormApart) {
  // The forms of the API reference, and of the recorded matrix test_function_name_and_qualifier_validation.
  for (const Case& c : {
           Case{"my-function", "my-function", "", "", ""},
           Case{"my-function:v1", "my-function", "v1", "", ""},
           Case{"my-function:$LATEST", "my-function", "$LATEST", "", ""},
           Case{"123456789012:function:my-function", "my-function", "", "123456789012", ""},
           Case{"123456789012:my-function", "my-function", "", "123456789012", ""},
           Case{"function:my-function:7", "my-function", "7", "", ""},
           Case{"us-gov-west-1:123456789012:function:f", "f", "", "123456789012", "us-gov-west-1"},
           Case{"arn:aws:lambda:us-west-2:123456789012:function:my-function", "my-function", "",
                "123456789012", "us-west-2"},
           Case{"arn:aws:lambda:us-west-2:123456789012:function:my-function:prod", "my-function", "prod",
                "123456789012", "us-west-2"},
           Case{"arn:aws:lambda:us-west-2:123456789012:function", "function", "", "123456789012",
                "us-west-2"},
           Case{"arn:aws:lambda:us-west-2:123456789012:function:function:1", "function", "1", "123456789012",
                "us-west-2"},
           Case{"123456789012", "123456789012", "", "", ""},
           Case{"us-east-1", "us-east-1", "", "", ""},
       }) {
    const FunctionReference reference = parse_function_reference(c.text);
    EXPECT_EQ(reference.name, c.name) << c.text;
    EXPECT_EQ(reference.qualifier, c.qualifier) << c.text;
    EXPECT_EQ(reference.account, c.account) << c.text;
    EXPECT_EQ(reference.region, c.region) << c.text;
  }
}

TEST(FunctionReference, QualifiersOfBothKindsHaveToAgree) {
  const Scope caller{.account = "123456789012", .region = "us-east-1"};
  EXPECT_EQ(resolve_function_reference("f", "prod", caller)->qualifier, "prod");
  EXPECT_EQ(resolve_function_reference("f:prod", "prod", caller)->qualifier, "prod");
  const auto refused = resolve_function_reference("f:prod", "test", caller);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "The derived qualifier from the function name does not match the specified qualifier.");
  const auto elsewhere =
      resolve_function_reference("arn:aws:lambda:eu-west-1:123456789012:function:f", "", caller);
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().shape->code, "ResourceNotFoundException");
  EXPECT_EQ(elsewhere.error().message,
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
}

}  // namespace
}  // namespace aviary::lambda
