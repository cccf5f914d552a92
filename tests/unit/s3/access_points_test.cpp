#include "services/s3/core/access_points.hpp"

#include <gtest/gtest.h>

#include "services/s3/core/public_policy.hpp"
#include "support/memory_journal.hpp"

namespace aviary::s3 {
namespace {

class Points : public ::testing::Test {
 protected:
  AccessPoint& add(std::string name) {
    AccessPoint point;
    point.account = "123456789012";
    point.region = "eu-west-1";
    point.name = std::move(name);
    point.bucket = "photos";
    return points.add(std::move(point));
  }
  std::string bucket_of(std::string_view text) {
    const AccessPoint* found = points.named(text, "eu-west-1");
    return found != nullptr ? found->name : "";
  }

  testing::MemoryJournal journal;
  SeededRandom ids{1, "s3"};
  AccessPoints points{journal, ids};
};

TEST_F(Points, AreFoundByEverythingThatRequestsSay) {
  const AccessPoint& point = add("readers");
  EXPECT_EQ(point.arn(), "arn:aws:s3:eu-west-1:123456789012:accesspoint/readers");
  EXPECT_EQ(bucket_of(point.arn()), "readers");
  EXPECT_EQ(bucket_of("arn:aws:s3:eu-west-1:123456789012:accesspoint:readers"), "readers");
  EXPECT_EQ(bucket_of("readers-123456789012"), "readers");
  EXPECT_EQ(bucket_of(point.alias), "readers");
  for (const char* other :
       {"readers", "readers-123456789013", "arn:aws:s3:us-east-1:123456789012:accesspoint/readers",
        "arn:aws:s3:::photos", "arn:aws:s3:eu-west-1:123456789012:accesspoint", "x-s3alias", ""})
    EXPECT_EQ(bucket_of(other), "") << other;
}

TEST_F(Points, HaveAliasesOfAtMost63Characters) {
  const AccessPoint& point = add("a-name-of-more-than-twenty-characters");
  EXPECT_EQ(point.alias.size(), 63U);
  EXPECT_TRUE(point.alias.starts_with("a-name-of-more-than--")) << point.alias;
  EXPECT_TRUE(point.alias.ends_with("-s3alias"));
}

TEST_F(Points, Last) {
  AccessPoint& point = add("readers");
  point.policy = "{}";
  point.tags["team"] = "a";
  points.save(point);
  points.put_account_block("123456789012", {{"BlockPublicPolicy", true}});
  AccessPoints again{journal, ids};
  again.restore();
  const AccessPoint* found = again.find("123456789012", "eu-west-1", "readers");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->alias, point.alias);
  EXPECT_EQ(found->policy, "{}");
  EXPECT_EQ(found->tags, point.tags);
  ASSERT_NE(again.account_block("123456789012"), nullptr);
  again.erase(*found);
  again.erase_account_block("123456789012");
  AccessPoints empty{journal, ids};
  empty.restore();
  EXPECT_TRUE(empty.all().empty());
  EXPECT_EQ(empty.account_block("123456789012"), nullptr);
}

TEST(AccessPointNames, AreWhatS3Takes) {
  for (const char* good : {"abc", "0-a", "readers-2"}) EXPECT_TRUE(is_access_point_name(good)) << good;
  for (const char* bad : {"ab", "Abc", "a_b", "a.b", "-ab", "ab-", "x-s3alias", "xn--abc"})
    EXPECT_FALSE(is_access_point_name(bad)) << bad;
}

TEST(PublicPolicies, LetEverybodyIn) {
  const auto is_public = [](const char* statement) {
    return is_public_policy({{"Statement", Json::array({Json::parse(statement)})}});
  };
  EXPECT_TRUE(is_public(R"({"Effect": "Allow", "Principal": "*"})"));
  EXPECT_TRUE(is_public(R"({"Effect": "Allow", "Principal": {"AWS": ["*"]}})"));
  EXPECT_TRUE(is_public(
      R"({"Effect": "Allow", "Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}})"));
  EXPECT_TRUE(
      is_public(R"({"Effect": "Allow", "Principal": "*", "Condition": {"StringLike": {"s3:prefix": "a"}}})"));
  EXPECT_FALSE(is_public(R"({"Effect": "Deny", "Principal": "*"})"));
  EXPECT_FALSE(is_public(R"({"Effect": "Allow", "Principal": {"AWS": "123456789012"}})"));
  EXPECT_FALSE(is_public(
      R"({"Effect": "Allow", "Principal": "*", "Condition": {"StringEquals": {"s3:DataAccessPointAccount": "1"}}})"));
  EXPECT_FALSE(is_public_policy(Json()));
}

}  // namespace
}  // namespace aviary::s3
