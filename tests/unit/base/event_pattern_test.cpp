#include "base/event_pattern.hpp"

#include <gtest/gtest.h>

namespace aviary {
namespace {

bool matches(std::string_view pattern, std::string_view event) {
  const auto parsed = EventPattern::parse(pattern);
  if (!std::holds_alternative<EventPattern>(parsed)) throw std::logic_error(std::get<std::string>(parsed));
  return std::get<EventPattern>(parsed).matches(Json::parse(event));
}

bool refused(std::string_view pattern) {
  return std::holds_alternative<std::string>(EventPattern::parse(pattern));
}

// The examples of EventBridge's guide: content filtering.
TEST(EventPattern, Operators) {
  const struct {
    const char* pattern;
    const char* yes;
    const char* no;
  } cases[] = {
      {R"({"a":["x","y"]})", R"({"a":"y","b":1})", R"({"a":"z"})"},
      {R"({"a":[1]})", R"({"a":1.0})", R"({"a":"1"})"},
      {R"({"a":[null]})", R"({"a":null})", R"({})"},
      {R"({"a":{"b":[true]}})", R"({"a":{"b":true}})", R"({"a":true})"},
      {R"({"a":["x"]})", R"({"a":["w","x"]})", R"({"a":["w"]})"},
      {R"({"a":[{"prefix":"us-"}]})", R"({"a":"us-east-1"})", R"({"a":"eu-us-"})"},
      {R"({"a":[{"suffix":".png"}]})", R"({"a":"x.png"})", R"({"a":"x.PNG"})"},
      {R"({"a":[{"prefix":{"equals-ignore-case":"US"}}]})", R"({"a":"us-east-1"})", R"({"a":"eu"})"},
      {R"({"a":[{"suffix":{"equals-ignore-case":".PNG"}}]})", R"({"a":"x.png"})", R"({"a":"png"})"},
      {R"({"a":[{"equals-ignore-case":"Alice"}]})", R"({"a":"aLICE"})", R"({"a":"alicE "})"},
      {R"({"a":[{"wildcard":"dir/*.p?g*"}]})", R"({"a":"dir/a/b.p?g"})", R"({"a":"dir/b.png"})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":"y"})", R"({"a":"x"})"},
      {R"({"a":[{"anything-but":["x",3]}]})", R"({"a":4})", R"({"a":3})"},
      {R"({"a":[{"anything-but":{"prefix":"init"}}]})", R"({"a":"done"})", R"({"a":"initial"})"},
      {R"({"a":[{"anything-but":{"wildcard":["*lib*","*bin*"]}}]})", R"({"a":"/etc"})",
       R"({"a":"/usr/bin/x"})"},
      {R"({"a":[{"anything-but":"x"}]})", R"({"a":null})", R"({})"},
      {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", R"({"a":0})"},
      {R"({"a":[{"numeric":["=",3]}]})", R"({"a":3.0})", R"({"a":"3"})"},
      {R"({"a":[{"exists":true}]})", R"({"a":null})", R"({"b":1})"},
      {R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})", R"({"a":{"b":0}})"},
      {R"({"a":[{"cidr":"10.0.0.0/24"}]})", R"({"a":"10.0.0.255"})", R"({"a":"10.0.1.0"})"},
      {R"({"a":[{"cidr":"2001:db8::/32"}]})", R"({"a":"2001:db8:1::5"})", R"({"a":"2001:db9::"})"},
      {R"({"$or":[{"a":[1]},{"b":[2]}],"c":[3]})", R"({"b":2,"c":3})", R"({"a":2,"b":1,"c":3})"},
      {R"({"a":{"b":[1],"c":[2]}})", R"({"a":[{"b":1,"c":2}]})", R"({"a":[{"b":1},{"c":2}]})"},
  };
  for (const auto& each : cases) {
    EXPECT_TRUE(matches(each.pattern, each.yes)) << each.pattern << " " << each.yes;
    EXPECT_FALSE(matches(each.pattern, each.no)) << each.pattern << " " << each.no;
  }
}

TEST(EventPattern, Refusals) {
  for (const char* pattern :
       {"simple string", "[]", "{}", R"({"a":"x"})", R"({"a":[]})", R"({"a":[["x"]]})",
        R"({"a":[{"no-such":1}]})", R"({"a":[{"numeric":["<"]}]})", R"({"a":[{"numeric":["!",1]}]})",
        R"({"a":[{"cidr":"10.0.0.0"}]})", R"({"a":[{"exists":"yes"}]})", R"({"a":[{"prefix":1}]})",
        R"({"a":[{"anything-but":{"numeric":1}}]})", R"({"$or":[{"a":[1]}]})",
        R"({"a":[{"prefix":"a","suffix":"b"}]})"})
    EXPECT_TRUE(refused(pattern)) << pattern;
}

// As recorded from AWS by LocalStack's tests of SNS's filter policies.
TEST(EventPattern, RefusalsAreWordedAsRecorded) {
  const struct {
    const char* rule;
    const char* problem;
  } cases[] = {
      {R"(["x"])", "Match value must be String, number, true, false, or null"},
      {R"({"wrong-operator":true})", "Unrecognized match type wrong-operator"},
      {R"({"suffix":"a","prefix":"b"})", "Only one key allowed in match expression"},
      {R"({"suffix":100})", "suffix match pattern must be a string"},
      {R"({"suffix":["a","b"]})", "suffix match pattern must be a string"},
      {R"({"exists":"no"})", "exists match pattern must be either true or false."},
      {R"({"numeric":[]})", "Invalid member in numeric match: ]"},
      {R"({"numeric":[1,"<="]})", "Invalid member in numeric match: 1"},
      {R"({"numeric":["operator"]})", "Unrecognized numeric range operator: operator"},
      {R"({"numeric":["=","000"]})", "Value of equals must be numeric"},
      {R"({"numeric":[">="]})", "Value of >= must be numeric"},
      {R"({"numeric":["<",100,">",10]})", "Too many elements in numeric expression"},
      {R"({"numeric":[">=",1,">",2]})", "Bad numeric range operator: >"},
      {R"({"numeric":[">",3,"<",1]})", "Bottom must be less than top"},
      {R"({"numeric":[">",20,"<="]})", "Value of <= must be numeric"},
      {R"({"numeric":[">",20,30]})", "Bad value in numeric range: 30"},
      {R"({"numeric":[">",20,"test"]})", "Bad numeric range operator: test"},
      {R"({"numeric":[">","20","<","30"]})", "Value of > must be numeric"},
      {R"({"numeric":[">",20,"<","30"]})", "Value of < must be numeric"},
      {R"({"numeric":[">",20,"<",30,"<",50]})", "Too many terms in numeric range expression"},
      {R"({"cidr":"10.0.0.0"})", "Malformed CIDR, one '/' required"},
      {R"({"cidr":"10.0.0.0/x"})", "Malformed CIDR, mask bits must be an integer"},
      {R"({"cidr":"10.0.0/24"})", "Nonstandard IP address: 10.0.0"},
      {R"({"cidr":8})", "prefix match pattern must be a string"},
  };
  for (const auto& each : cases) {
    const std::string text = std::string(R"({"key":[)") + each.rule + "]}";
    const auto parsed = EventPattern::parse(std::string_view(text));
    ASSERT_TRUE(std::holds_alternative<std::string>(parsed)) << each.rule;
    EXPECT_EQ(std::get<std::string>(parsed), each.problem) << each.rule;
  }
  EXPECT_EQ(std::get<std::string>(EventPattern::parse(std::string_view(R"({"key":{"suffix":"value"}})"))),
            "\"suffix\" must be an object or an array");
}

}  // namespace
}  // namespace aviary
