#include "services/apigateway/core/authorization.hpp"

#include "base/wildcard.hpp"

#include <gtest/gtest.h>

namespace aviary::apigateway {
namespace {

constexpr const char* arn = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/items/7";

Verdict verdict(const char* statements) {
  OrderedJson answer;
  answer["principalId"] = "me";
  answer["policyDocument"]["Statement"] = OrderedJson::parse(statements);
  return judge_policy(answer, arn).verdict;
}

TEST(Authorizers, APolicyAllowsWhatItNames) {
  EXPECT_EQ(verdict(R"({"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"})"), Verdict::Allowed);
  EXPECT_EQ(verdict(R"([{"Effect":"Allow","Action":["execute-api:*"],"Resource":["arn:*/GET/items/*"]}])"),
            Verdict::Allowed);
  EXPECT_EQ(verdict(R"([{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:*/POST/*"}])"),
            Verdict::NotAllowed);
}

TEST(Authorizers, ADenialWins) {
  EXPECT_EQ(verdict(R"([{"Effect":"Allow","Action":"*","Resource":"*"},
                        {"Effect":"Deny","Action":"*","Resource":"*/items/*"}])"),
            Verdict::Denied);
}

TEST(Authorizers, WhatCannotBeReadIsNoAnswer) {
  EXPECT_EQ(judge_policy(OrderedJson::object(), arn).verdict, Verdict::Unreadable);
  EXPECT_EQ(judge_simple(OrderedJson::parse(R"({"isAuthorized":"yes"})")).verdict, Verdict::Unreadable);
  EXPECT_EQ(judge_simple(OrderedJson::parse(R"({"isAuthorized":true,"context":{"a":1}})")).context.dump(),
            R"({"a":1})");
  EXPECT_EQ(judge_simple(OrderedJson::parse(R"({"isAuthorized":false})")).verdict, Verdict::NotAllowed);
}

TEST(Wildcards, AreLinear) {
  EXPECT_TRUE(matches_wildcard("a*b?d", "aXXbcd"));
  EXPECT_FALSE(matches_wildcard("a*b", "ac"));
  EXPECT_FALSE(matches_wildcard(std::string(200, '*') + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace aviary::apigateway
