#include "services/logs/core/filter_pattern.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"

// Unless a test says otherwise, what is expected is what the documentation says:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
namespace aviary::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

bool matches(std::string_view pattern, std::string_view event) {
  const Result<FilterPattern> parsed = FilterPattern::parse(pattern);
  if (!parsed) {
    ADD_FAILURE() << pattern << ": " << parsed.error().message;
    return false;
  }
  const bool found = parsed->matches(event);
  // The anchor is only ever a short cut.
  if (found && !parsed->anchor().empty()) {
    EXPECT_NE(event.find(parsed->anchor()), std::string_view::npos) << pattern;
  }
  return found;
}

std::string refusal(std::string_view pattern) {
  const Result<FilterPattern> parsed = FilterPattern::parse(pattern);
  if (parsed) return "none";
  EXPECT_EQ(parsed.error().shape->code, "InvalidParameterException");
  return parsed.error().message;
}

TEST(FilterPatternTerms, AllOfThem) {
  EXPECT_TRUE(matches("ERROR", "[ERROR 400] BAD REQUEST"));
  EXPECT_TRUE(matches("ERROR", "Exiting with ERRORCODE: -1"));
  EXPECT_FALSE(matches("ERROR", "error"));
  EXPECT_TRUE(matches("ERROR ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS"));
  EXPECT_FALSE(matches("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST"));
  EXPECT_TRUE(
      matches("Failed to process the request", "[ERROR] Unable to continue: Failed to process the request"));
}

TEST(FilterPatternTerms, OneOfThem) {
  EXPECT_TRUE(matches("?ERROR ?ARGUMENTS", "[ERROR 400] BAD REQUEST"));
  EXPECT_TRUE(matches("?ERROR ?ARGUMENTS", "MISSING ARGUMENTS"));
  EXPECT_FALSE(matches("?ERROR ?ARGUMENTS", "[INFO] fine"));
  EXPECT_FALSE(matches("?ERROR", "[INFO] fine"));
}

TEST(FilterPatternTerms, AQuestionMarkBesideOthersIsIgnored) {
  for (const char* event :
       {"[INFO] REQUEST FAILED", "[WARN] UNAUTHORIZED REQUEST", "[ERROR] 400 BAD REQUEST"})
    EXPECT_TRUE(matches("?ERROR ?ARGUMENTS REQUEST", event));
  EXPECT_FALSE(matches("?ERROR ?ARGUMENTS REQUEST", "ERROR ARGUMENTS"));
}

TEST(FilterPatternTerms, Phrases) {
  EXPECT_TRUE(matches("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR"));
  EXPECT_FALSE(matches("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR SERVER"));
  EXPECT_TRUE(matches(R"("\"level\": \"error\"")", R"({"level": "error"})"));
  EXPECT_TRUE(matches("?\"a b\" ?\"c d\"", "x c d y"));
}

TEST(FilterPatternTerms, NoneOfThose) {
  EXPECT_TRUE(matches("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST"));
  EXPECT_FALSE(matches("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
  EXPECT_FALSE(matches("\"ERROR\" - \"Exiting\"", "Exiting with ERRORCODE: -1"));
  EXPECT_TRUE(matches("-ERROR", "fine"));
  EXPECT_FALSE(matches("-ERROR", "ERROR"));
}

TEST(FilterPatternTerms, Everything) {
  for (const char* pattern : {"", " ", "\" \"", "\"\"", "[]"}) {
    EXPECT_TRUE(matches(pattern, "anything"));
    EXPECT_TRUE(matches(pattern, ""));
    EXPECT_TRUE(FilterPattern::parse(pattern)->matches_everything());
  }
}

TEST(FilterPatternTerms, RegularExpressions) {
  EXPECT_TRUE(matches("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST"));
  EXPECT_TRUE(matches("%^[hc]at%", "hat"));
  EXPECT_FALSE(matches("%^[hc]at%", "that"));
  EXPECT_TRUE(matches("%[hc]at$%", "that"));
  EXPECT_TRUE(matches("%[hc]at$%", "that\n"));
  EXPECT_TRUE(matches("%colou?r%", "color"));
  EXPECT_TRUE(matches(R"(%10\.10\.0\.1%)", "10.10.0.1"));
  EXPECT_FALSE(matches(R"(%10\.10\.0\.1%)", "10010,051"));
  EXPECT_TRUE(matches("%10.10.0.1%", "10010,051"));
  EXPECT_TRUE(matches(R"(%\d{1,3}\.\d{1,3}%)", "at 10.20"));
  EXPECT_TRUE(matches(R"(%\x28%)", "f(x)"));
  EXPECT_TRUE(matches("%^starting|^initializing|^shutting down%", "shutting down now"));
  EXPECT_FALSE(matches("%^starting|^initializing%", "skipping initializing"));
}

// The words are the service's, as users report them: aws/aws-toolkit-jetbrains#3219,
// jorgebastida/awslogs#210, dougmoscrop/serverless-plugin-log-subscription#47.
TEST(FilterPatternTerms, Refusals) {
  EXPECT_EQ(refusal("?Status: timeout"), "Invalid character(s) in term ':'");
  EXPECT_EQ(refusal("`ERROR`"), "Invalid character(s) in term '`'");
  EXPECT_EQ(refusal("f(x)"), "Invalid character(s) in term '('");
  EXPECT_EQ(refusal("\"open"), "Invalid character(s) in term '\"'");
  EXPECT_EQ(refusal("%something!%"), "Invalid character(s) in term '!'");
  EXPECT_EQ(refusal("%f(x)%"), "Invalid character(s) in term '('");
  EXPECT_EQ(refusal("{ $.a = 1"), "If a filter pattern starts with '{' it must end with '}'");
  EXPECT_EQ(refusal("[a, b"), "If a filter pattern starts with '[' it must end with ']'");
}

constexpr std::string_view trail =
    R"({"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "arrayKey": ["value", "another value"],)"
    R"( "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}], "SomeObject": null, "ThisFlag": true,)"
    R"( "cluster.name": "c", "latency": 512.5, "quoted": "say \"hi\"", "n": "\u0041B", "code": "404"})";

TEST(FilterPatternJson, Strings) {
  EXPECT_TRUE(matches(R"({ $.eventType = "UpdateTrail" })", trail));
  EXPECT_FALSE(matches(R"({ $.eventType = "updateTrail" })", trail));
  EXPECT_TRUE(matches("{ $.eventType = UpdateTrail }", trail));
  EXPECT_TRUE(matches("{$.eventType=Update*}", trail));
  EXPECT_TRUE(matches("{ $.eventType = \"*Trail\" }", trail));
  EXPECT_TRUE(matches("{ $.eventType = * }", trail));
  EXPECT_TRUE(matches("{ $.sourceIPAddress != 123.123.* }", trail));
  EXPECT_FALSE(matches("{ $.sourceIPAddress != 111.111.* }", trail));
  EXPECT_TRUE(matches(R"({ $.quoted = "say \"hi\"" })", trail));
  EXPECT_TRUE(matches(R"({ $.n = "AB" })", trail));
  EXPECT_TRUE(matches("{ $.code = 404 }", trail));
}

TEST(FilterPatternJson, Paths) {
  EXPECT_TRUE(matches(R"({ $.arrayKey[0] = "value" })", trail));
  EXPECT_FALSE(matches(R"({ $.arrayKey[1] = "value" })", trail));
  EXPECT_FALSE(matches(R"({ $.arrayKey[7] = * })", trail));
  EXPECT_TRUE(matches("{ $.objectList[1].id = 2 }", trail));
  EXPECT_FALSE(matches("{ $.objectList[1].id = 1 }", trail));
  EXPECT_TRUE(matches("{ $.['cluster.name'] = \"c\" }", trail));
  EXPECT_TRUE(matches("{ $.arrayKey[*] = %val.{2}% }", trail));
  EXPECT_TRUE(matches(R"({ $.* = %111\.111\.111\.1[0-9]{1,2}% })", trail));
  EXPECT_TRUE(matches("{ $.objectList[*].name = b }", trail));
  EXPECT_TRUE(matches("{ $.detail-type = x }", R"({"detail-type":"x"})"));
  EXPECT_TRUE(matches("{ $.a.b = 1 }", R"( {"z":[{"a":{"b":2}}],"b":1,"a":{"c":{"b":3},"b":1}} )"));
}

TEST(FilterPatternJson, NeitherEqualsNorDiffersWhatIsNoValue) {
  for (const char* comparison : {"=", "!="}) {
    EXPECT_FALSE(matches(std::string("{ $.arrayKey ") + comparison + " 1 }", trail)) << comparison;
    EXPECT_FALSE(matches(std::string("{ $.objectList[0] ") + comparison + " 1 }", trail)) << comparison;
    EXPECT_FALSE(matches(std::string("{ $.nothing ") + comparison + " 1 }", trail)) << comparison;
  }
}

TEST(FilterPatternJson, Numbers) {
  EXPECT_TRUE(matches("{ $.latency > 500 }", trail));
  EXPECT_FALSE(matches("{ $.latency > +1000 }", trail));
  EXPECT_TRUE(matches("{ $.latency <= 5125e-1 }", trail));
  EXPECT_TRUE(matches("{ $.latency >= 512.5 }", trail));
  EXPECT_FALSE(matches("{ $.latency < 512.5 }", trail));
  EXPECT_TRUE(matches("{ $.number[0] = 1e+3 }", R"({"number":[1000]})"));
  EXPECT_TRUE(matches("{ $.number[0] != 1e-3 }", R"({"number":[1000]})"));
  EXPECT_TRUE(matches("{ $.errorCode = 4* }", R"({"errorCode":404})"));
  EXPECT_FALSE(matches("{ $.eventType > 5 }", trail));
}

TEST(FilterPatternJson, States) {
  EXPECT_TRUE(matches("{ $.SomeObject IS NULL }", trail));
  EXPECT_FALSE(matches("{ $.eventType IS NULL }", trail));
  EXPECT_FALSE(matches("{ $.SomeOtherObject IS NULL }", trail));
  EXPECT_TRUE(matches("{ $.SomeOtherObject NOT EXISTS }", trail));
  EXPECT_FALSE(matches("{ $.SomeObject NOT EXISTS }", trail));
  EXPECT_TRUE(matches("{ $.ThisFlag IS TRUE }", trail));
  EXPECT_FALSE(matches("{ $.ThisFlag IS FALSE }", trail));
}

constexpr std::string_view user =
    R"({"user": {"id": 1, "email": "John.Stiles@example.com"}, "users": [{"id": 2, "email": "John.Doe@example.com"},)"
    R"( {"id": 3, "email": "Jane.Doe@example.com"}], "actions": ["GET", "PUT", "DELETE"],)"
    R"( "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]})";

TEST(FilterPatternJson, Compounds) {
  EXPECT_TRUE(matches(R"({ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") })", user));
  EXPECT_TRUE(matches(
      R"({ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch })",
      user));
  EXPECT_FALSE(matches(
      R"({ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch })",
      user));
  EXPECT_FALSE(
      matches(R"({ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" })", user));
  EXPECT_TRUE(matches("{ $.coordinates[1][2] = 6 }", user));
}

TEST(FilterPatternJson, OnlyWhatIsJson) {
  EXPECT_FALSE(matches("{ $.a NOT EXISTS }", "plain text"));
  EXPECT_FALSE(matches("{ $.a NOT EXISTS }", "{not json}"));
  EXPECT_FALSE(matches("{ $.a = 1 }", R"(x {"a":1})"));
  EXPECT_FALSE(matches("{ $.a = 1 }", R"({"a":1,})"));
  EXPECT_TRUE(matches("{ $.a = 1 }", "{\"a\":1}\n"));
}

TEST(FilterPatternJson, BrokenTextsAreSurvived) {
  const std::string whole(trail);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    EXPECT_FALSE(matches("{ $.code = 404 || $.objectList[1].id = 9 || $.arrayKey[*] = zzz }", cut));
    EXPECT_EQ(matches("{ $.zzz NOT EXISTS }", cut + "}"), Json::accept(cut + "}")) << cut;
  }
}

TEST(FilterPatternJson, Refusals) {
  EXPECT_EQ(refusal(R"({ $."sc-status" = 5* })"), "Invalid character(s) in term '$.\"'");
  for (const char* pattern : {"{}", "{ $.a }", "{ $.a = }", "{ $.a > b }", "{ $.a IS NOT NULL }",
                              "{ $.a EXISTS }", "{ ($.a = 1 }", "{ $.a = 1 && }", "{ $.a = 1 $.b = 2 }"})
    EXPECT_EQ(refusal(pattern), "Invalid filter pattern") << pattern;
  EXPECT_NE(refusal("{ $.*.inner.* = \"x\" }"), "none");
  EXPECT_NE(refusal(std::string("{") + std::string(200, '(') + "$.a = 1" + std::string(200, ')') + "}"),
            "none");
}

TEST(FilterPatternJson, Extracts) {
  const FilterPattern pattern = *FilterPattern::parse("{ $.latency = * && $.eventType = \"U*\" }");
  EXPECT_THAT(pattern.extract(trail),
              ElementsAre(Pair("$.latency", "512.5"), Pair("$.eventType", "UpdateTrail")));
  EXPECT_EQ(pattern.value(trail, "$.objectList[1].id"), "2");
  EXPECT_EQ(pattern.value(trail, "$.none"), std::nullopt);
}

constexpr std::string_view access =
    R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";

TEST(FilterPatternColumns, Conditions) {
  EXPECT_TRUE(matches("[ip, user, username, timestamp, request, status_code, bytes]", access));
  EXPECT_TRUE(matches("[ip, user, username, timestamp, request, status_code, bytes > 1000]", access));
  EXPECT_FALSE(matches("[ip, user, username, timestamp, request, status_code, bytes > 2000]", access));
  EXPECT_TRUE(matches("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", access));
  EXPECT_TRUE(matches(
      R"([ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes])",
      access));
  EXPECT_TRUE(matches("[a, b, c, d, e, status_code = 404 || status_code = 410, bytes]", access));
  EXPECT_FALSE(matches("[a, b, c, d, e, status_code = 4* && status_code != 404, bytes]", access));
  EXPECT_TRUE(matches("[a, b, c, d = \"10/Oct/2000:13:25:15 -0700\", ...]", access));
}

TEST(FilterPatternColumns, Ellipsis) {
  EXPECT_TRUE(matches("[..., status_code, bytes]", access));
  EXPECT_TRUE(matches("[..., request =*.html*, status_code = 4*, bytes]", access));
  EXPECT_TRUE(matches("[ip, user, ..., status_code = 404, bytes]", access));
  EXPECT_FALSE(matches("[ip, user, ..., status_code = 405, bytes]", access));
  EXPECT_TRUE(matches("[ip = 127*, user, ...]", access));
}

TEST(FilterPatternColumns, TheLastHasAllThatIsLeft) {
  constexpr std::string_view error = "ERROR 09/25/2014 12:00:02 Failed to process request\n";
  EXPECT_TRUE(matches("[w1=ERROR, w2]", error));
  EXPECT_TRUE(matches("[w1=ERROR || w1=WARNING, w2]", "WARNING 09/25/2014 12:00:02 Invalid user request"));
  EXPECT_FALSE(matches("[w1!=ERROR && w1!=WARNING, w2]", error));
  EXPECT_TRUE(
      matches("[w1!=ERROR && w1!=WARNING, w2]", "INFO 09/25/2014 12:00:00 GET /service/resource/67 1200"));
  EXPECT_FALSE(matches("[a, b, c]", "only two"));
}

TEST(FilterPatternColumns, Extracts) {
  const FilterPattern pattern = *FilterPattern::parse("[..., request=*.html*, status_code=4*,]");
  EXPECT_THAT(
      pattern.extract(access),
      ElementsAre(Pair("$1", "127.0.0.1"), Pair("$2", "Prod"), Pair("$3", "frank"),
                  Pair("$4", "10/Oct/2000:13:25:15 -0700"), Pair("$request", "GET /index.html HTTP/1.0"),
                  Pair("$status_code", "404"), Pair("$7", "1534")));
  EXPECT_EQ(pattern.value(access, "$status_code"), "404");
}

TEST(FilterPatternColumns, Refusals) {
  for (const char* pattern : {"[..., a, ...]", "[a > b]", "[a = 1 && b = 2]", "[a = ]", "[a = 1 &&]"})
    EXPECT_NE(refusal(pattern), "none") << pattern;
}

}  // namespace
}  // namespace aviary::logs
