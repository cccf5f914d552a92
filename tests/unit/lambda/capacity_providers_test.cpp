#include <gmock/gmock.h>

#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

class CapacityProviders : public ServiceFixture {
 protected:
  static Json provider(const std::string& name) {
    return {{"CapacityProviderName", name},
            {"VpcConfig",
             {{"SubnetIds", Json::array({"subnet-12345678"})},
              {"SecurityGroupIds", Json::array({"sg-12345678"})}}},
            {"PermissionsConfig", {{"CapacityProviderOperatorRoleArn", "arn:aws:iam::123456789012:role/r"}}}};
  }
};

TEST_F(CapacityProviders, AnAccountHasAThousand) {
  for (int i = 0; i < 1000; ++i) answer("CreateCapacityProvider", provider("p" + std::to_string(i)));
  const Refusal refused = refusal("CreateCapacityProvider", provider("more"));
  EXPECT_EQ(refused.code, "CapacityProviderLimitExceededException");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refusal("GetCapacityProvider", {{"CapacityProviderName", "more"}}).status, 404);
  EXPECT_EQ(refusal("CreateCapacityProvider", provider("p1")).code, "ResourceConflictException");
  answer("DeleteCapacityProvider", {{"CapacityProviderName", "p1"}});
  answer("CreateCapacityProvider", provider("more"));
}

}  // namespace
}  // namespace aviary::lambda
