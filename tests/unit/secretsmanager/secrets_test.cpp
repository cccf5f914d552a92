#include "services/secretsmanager/core/secrets.hpp"

#include <gtest/gtest.h>

#include "support/memory_journal.hpp"

namespace aviary::secretsmanager {
namespace {

const Scope here{"123456789012", "us-east-1"};
const Instant morning(std::chrono::hours(24 * 365));

Value text(std::string what) {
  Value value;
  value.text = std::move(what);
  return value;
}

std::string id(int number) { return std::string(31, '0') + std::to_string(number); }

std::string stages(Secret& secret, int number) {
  std::string all;
  for (const std::string& stage : secret.version(id(number))->stages) all += stage + " ";
  return all;
}

TEST(Stages, TheNewestIsCurrentAndTheOneBeforePrevious) {
  Secret secret;
  ASSERT_TRUE(secret.put(id(1), text("a"), {}, morning));
  EXPECT_EQ(stages(secret, 1), "AWSCURRENT ");
  ASSERT_TRUE(secret.put(id(2), text("b"), {"AWSCURRENT"}, morning));
  ASSERT_TRUE(secret.put(id(3), text("c"), {"AWSCURRENT"}, morning));
  EXPECT_EQ(stages(secret, 1), "");
  EXPECT_EQ(stages(secret, 2), "AWSPREVIOUS ");
  EXPECT_EQ(stages(secret, 3), "AWSCURRENT ");
  ASSERT_TRUE(secret.put(id(4), text("d"), {"AWSPENDING"}, morning));
  EXPECT_EQ(stages(secret, 3), "AWSCURRENT ");
  // Back to the one before.
  ASSERT_TRUE(secret.move_stage(current_stage, id(3), id(2), morning));
  EXPECT_EQ(stages(secret, 2), "AWSCURRENT ");
  EXPECT_EQ(stages(secret, 3), "AWSPREVIOUS ");
}

TEST(Stages, AMoveNamesWhatItTakesThemFrom) {
  Secret secret;
  ASSERT_TRUE(secret.put(id(1), text("a"), {}, morning));
  ASSERT_TRUE(secret.put(id(2), text("b"), {"AWSPENDING"}, morning));
  EXPECT_FALSE(secret.move_stage(current_stage, "", id(2), morning));
  EXPECT_FALSE(secret.move_stage(current_stage, id(2), id(2), morning));
  EXPECT_FALSE(secret.move_stage(current_stage, id(1), "", morning));
  EXPECT_FALSE(secret.move_stage("x", "", "", morning));
  EXPECT_EQ(secret.move_stage("x", "", id(7), morning).error().shape->code, "ResourceNotFoundException");
  EXPECT_TRUE(secret.move_stage("AWSPENDING", id(2), "", morning));
  EXPECT_EQ(stages(secret, 1), "AWSCURRENT ");
  EXPECT_EQ(stages(secret, 2), "");
}

TEST(Stages, TheSameTokenIsTheSameVersion) {
  Secret secret;
  ASSERT_TRUE(secret.put(id(1), text("a"), {}, morning));
  EXPECT_TRUE(secret.put(id(1), text("a"), {}, morning));
  EXPECT_EQ(secret.put(id(1), text("b"), {}, morning).error().shape->code, "ResourceExistsException");
  EXPECT_EQ(secret.versions.size(), 1U);
}

TEST(Secrets, AreFoundByNameArnAndPartOfIt) {
  testing::MemoryJournal journal;
  SeededRandom ids(1, "ids");
  Secrets secrets(journal, ids);
  Secret one;
  one.scope = here;
  one.name = "db-abcdef";  // looks like a suffix
  one.arn = secrets.new_arn(here, one.name);
  secrets.add(one);
  EXPECT_NE(secrets.find(here, "db-abcdef", morning), nullptr);
  EXPECT_NE(secrets.find(here, one.arn, morning), nullptr);
  EXPECT_NE(secrets.find(here, "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abcdef", morning),
            nullptr);
  EXPECT_EQ(
      secrets.find(here, "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-abcdef-AAAAAA", morning),
      nullptr);
  EXPECT_EQ(secrets.find(here, "db", morning), nullptr);
}

TEST(Secrets, GoWhenTheirWindowIsOverAndLastUntilThen) {
  testing::MemoryJournal journal;
  SeededRandom ids(1, "ids");
  {
    Secrets secrets(journal, ids);
    Secret one;
    one.scope = here;
    one.name = "s";
    one.arn = secrets.new_arn(here, "s");
    one.deletion = morning + std::chrono::hours(24 * 7);
    Value bytes;
    bytes.bytes = "\xFF\x01";
    ASSERT_TRUE(one.put(id(1), bytes, {}, morning));
    secrets.save(secrets.add(one));
  }
  Secrets again(journal, ids);
  again.restore();
  Secret* found = again.find(here, "s", morning);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->versions[0].value.bytes, "\xFF\x01");
  EXPECT_EQ(again.find(here, "s", morning + std::chrono::hours(24 * 7)), nullptr);
  EXPECT_EQ(journal.records(), 0U);
}

TEST(Passwords, FollowTheirRules) {
  SeededRandom chance(1, "passwords");
  PasswordRules rules;
  rules.length = 8;
  rules.no_punctuation = rules.no_uppercase = true;
  rules.excluded = "abc0";
  for (int i = 0; i < 50; ++i) {
    const std::string password = *random_password(rules, chance);
    EXPECT_EQ(password.size(), 8U);
    EXPECT_EQ(password.find_first_not_of("defghijklmnopqrstuvwxyz123456789"), std::string::npos);
    EXPECT_NE(password.find_first_of("123456789"), std::string::npos);
  }
  rules.length = 1;
  EXPECT_FALSE(random_password(rules, chance));
  rules.each_type = false;
  EXPECT_TRUE(random_password(rules, chance));
  rules.no_lowercase = rules.no_numbers = true;
  EXPECT_FALSE(random_password(rules, chance));
}

}  // namespace
}  // namespace aviary::secretsmanager
