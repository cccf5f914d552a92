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

}  // namespace
}  // namespace aviary
