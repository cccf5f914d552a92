#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The shapes that CloudWatch's model has none of: flattened lists and maps, own names, blobs, recursion.
constexpr Shape text{.name = "String", .type = ShapeType::String};
constexpr Shape number{.name = "Integer", .type = ShapeType::Integer};
constexpr Shape real{.name = "Double", .type = ShapeType::Double};
constexpr Shape truth{.name = "Boolean", .type = ShapeType::Boolean};
constexpr Shape bytes{.name = "Binary", .type = ShapeType::Blob};
constexpr Shape moment{.name = "Timestamp", .type = ShapeType::Timestamp};
constexpr Shape texts{.name = "Texts", .type = ShapeType::List, .element = &text};
constexpr Shape named_texts{
    .name = "NamedTexts", .type = ShapeType::List, .element = &text, .element_location_name = "item"};
constexpr Shape flat_texts{.name = "FlatTexts", .type = ShapeType::List, .element = &text, .flattened = true};
constexpr Shape flat_named{.name = "FlatNamed",
                           .type = ShapeType::List,
                           .element = &text,
                           .element_location_name = "AttributeName",
                           .flattened = true};
constexpr Shape attributes{.name = "Attributes", .type = ShapeType::Map, .element = &text, .key = &text};
constexpr Shape flat_attributes{.name = "FlatAttributes",
                                .type = ShapeType::Map,
                                .element = &number,
                                .key = &text,
                                .element_location_name = "Value",
                                .key_location_name = "Name",
                                .flattened = true};
extern const Shape tree;
const Member tree_members[] = {{.name = "Below", .location_name = {}, .shape = &tree},
                               {.name = "Id", .location_name = {}, .shape = &text, .xml_attribute = true},
                               {.name = "Leaf", .location_name = {}, .shape = &text}};
const Shape tree{.name = "Tree", .type = ShapeType::Structure, .members = tree_members};
const Member members[] = {{.name = "Text", .location_name = {}, .shape = &text},
                          {.name = "Number", .location_name = {}, .shape = &number},
                          {.name = "Real", .location_name = {}, .shape = &real},
                          {.name = "Truth", .location_name = {}, .shape = &truth},
                          {.name = "Bytes", .location_name = {}, .shape = &bytes},
                          {.name = "Moment", .location_name = {}, .shape = &moment},
                          {.name = "Texts", .location_name = {}, .shape = &texts},
                          {.name = "NamedTexts", .location_name = {}, .shape = &named_texts},
                          {.name = "FlatTexts", .location_name = "Flat", .shape = &flat_texts},
                          {.name = "FlatNamed", .location_name = {}, .shape = &flat_named},
                          {.name = "Attributes", .location_name = {}, .shape = &attributes},
                          {.name = "FlatAttributes", .location_name = "Attribute", .shape = &flat_attributes},
                          {.name = "Tree", .location_name = {}, .shape = &tree}};
const Shape everything{.name = "Everything", .type = ShapeType::Structure, .members = members};
const models::Operation operations[] = {
    {.name = "Echo", .method = "POST", .uri = "/", .input = &everything, .output = &everything},
    {.name = "Quiet", .method = "POST", .uri = "/"}};
constexpr models::Protocol spoken[] = {models::Protocol::Query};
const models::Service service{.id = "echo",
                              .signing_name = "echo",
                              .target_prefix = {},
                              .api_version = "2012-11-05",
                              .xml_namespace = "http://echo/?a&b",
                              .protocols = spoken,
                              .operations = operations,
                              .errors = {}};

const Codec& codec() { return *codec_for(models::Protocol::Query); }

Result<Decoded> decode(std::string body, std::string_view target = "/") {
  Request request{.method = "POST",
                  .target = target,
                  .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                  .body = std::move(body)};
  const Result<Match> match = codec().route(service, request);
  if (!match) return match.error();
  return codec().decode(*match, request);
}
Json input(std::string parameters) {
  const Result<Decoded> decoded = decode("Action=Echo&Version=2012-11-05&" + std::move(parameters));
  if (!decoded) return decoded.error().message;
  return decoded->input;
}

TEST(Query, ReadsScalars) {
  EXPECT_EQ(
      input("Text=a+b%26&Number=-3&Real=1e3&Truth=true&Bytes=AAE%3D&Moment=2023-11-14T22%3A13%3A20.25Z"),
      Json({{"Text", "a b&"},
            {"Number", -3},
            {"Real", 1000.0},
            {"Truth", true},
            {"Bytes", std::string("\0\1", 2)},
            {"Moment", 1700000000.25}}));
  EXPECT_EQ(input("Text=&Truth=0&Other=1&Text=second"), Json({{"Text", ""}, {"Truth", false}}));
  // No zone: UTC, as XML Schema leaves it to the receiver.
  EXPECT_EQ(input("Moment=2023-11-14T22:13:20"), Json({{"Moment", 1700000000.0}}));
  // As Java decodes what is no UTF-8.
  EXPECT_EQ(input("Text=a%ffb"), Json({{"Text", "a\xEF\xBF\xBD\x62"}}));
}

TEST(Query, ReadsLists) {
  EXPECT_EQ(input("Texts.member.10=c&Texts.member.2=b&Texts.member.1=a"), Json({{"Texts", {"a", "b", "c"}}}));
  EXPECT_EQ(input("Texts.member.99999999999999999999=z&Texts.member.3=a"), Json({{"Texts", {"a", "z"}}}));
  EXPECT_EQ(input("NamedTexts.item.1=a"), Json({{"NamedTexts", {"a"}}}));
  EXPECT_EQ(input("Flat.2=b&Flat.1=a"), Json({{"FlatTexts", {"a", "b"}}}));
  // botocore and the service name such a list by its elements.
  EXPECT_EQ(input("AttributeName.1=All"), Json({{"FlatNamed", {"All"}}}));
  EXPECT_EQ(input("Texts=&Flat=&Attributes="),
            Json({{"Texts", Json::array()}, {"FlatTexts", Json::array()}, {"Attributes", Json::object()}}));
}

TEST(Query, ReadsMapsAndStructures) {
  EXPECT_EQ(input("Attributes.entry.1.value=b&Attributes.entry.1.key=a.b&Attributes.entry.2.key=c&"
                  "Attributes.entry.2.value="),
            Json({{"Attributes", {{"a.b", "b"}, {"c", ""}}}}));
  EXPECT_EQ(input("Attribute.1.Name=a&Attribute.1.Value=7"), Json({{"FlatAttributes", {{"a", 7}}}}));
  EXPECT_EQ(input("Attribute.Name=a&Attribute.Value=7"), Json({{"FlatAttributes", {{"a", 7}}}}));
  EXPECT_EQ(input("Attribute.Value=7"), "Unexpected complex element termination");
  EXPECT_EQ(input("Attribute.Other=7"), "Start of structure or map found where not expected.");
  EXPECT_EQ(input("Tree.Below.Below.Leaf=x&Tree.Leaf=y&Tree.Unknown.1=z"),
            Json({{"Tree", {{"Leaf", "y"}, {"Below", {{"Below", {{"Leaf", "x"}}}}}}}}));
  EXPECT_EQ(input("Attributes.entry.1.value=b"), "Unexpected complex element termination");
  EXPECT_EQ(input("Attributes.entry.1=b"), "Unexpected complex element termination");
  EXPECT_EQ(input("Attributes.entry.x.key=b"), "Start of structure or map found where not expected.");
  EXPECT_EQ(input("Attribute.1.Name=a&Attribute.1.Value=x"),
            "STRING_VALUE can not be converted to an Integer");
}

TEST(Query, ReadsTheUrlToo) {
  const Result<Decoded> decoded = decode("Text=a&Version=2012-11-05", "/?Action=Echo&Number=1");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->input, Json({{"Text", "a"}, {"Number", 1}}));
}

TEST(Query, BoundsWhatAFormMayCost) {
  std::string deep = "Tree";
  for (int i = 0; i < 100'000; ++i) deep += ".Below";
  EXPECT_EQ(input(deep + ".Leaf=x"), "The request body is nested too deeply.");
  EXPECT_EQ(input(std::string(1'000'000, '&')), "The request body has too many values.");
}

TEST(Query, AnswersInXml) {
  const Json output{{"Text", "<a> & \"b\"\r\n\x01"},
                    {"Number", 3},
                    {"Real", 2.0},
                    {"Truth", false},
                    {"Bytes", std::string("\0\1", 2)},
                    {"Moment", 1700000000.25},
                    {"Texts", {"a", ""}},
                    {"NamedTexts", {"a"}},
                    {"FlatTexts", {"a", "b"}},
                    {"FlatNamed", {"c"}},
                    {"Attributes", {{"k", "v"}}},
                    {"FlatAttributes", {{"n", 1}}},
                    {"Tree", {{"Id", "\"1\""}, {"Below", Json::object()}}},
                    {"NotModelled", 1}};
  const Response response =
      codec().encode(operations[0], output, {}, 0, {.service = &service, .request_id = "r<1>"});
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", "text/xml")));
  EXPECT_EQ(
      response.body,
      R"(<EchoResponse xmlns="http://echo/?a&amp;b"><EchoResult>)"
      "<Text>&lt;a&gt; &amp; &quot;b&quot;&#xD;\n\xEF\xBF\xBD</Text>"
      "<Number>3</Number><Real>2.0</Real><Truth>false</Truth><Bytes>AAE=</Bytes>"
      "<Moment>2023-11-14T22:13:20.250Z</Moment>"
      "<Texts><member>a</member><member/></Texts>"
      "<NamedTexts><item>a</item></NamedTexts>"
      "<Flat>a</Flat><Flat>b</Flat><AttributeName>c</AttributeName>"
      "<Attributes><entry><key>k</key><value>v</value></entry></Attributes>"
      "<Attribute><Name>n</Name><Value>1</Value></Attribute>"
      R"(<Tree Id="&quot;1&quot;"><Below/></Tree>)"
      "</EchoResult><ResponseMetadata><RequestId>r&lt;1&gt;</RequestId></ResponseMetadata></EchoResponse>");
}

TEST(Query, AnswersEmptiness) {
  const AnswerContext context{.service = &service, .request_id = "r"};
  const auto body = [&](const models::Operation& operation, const Json& output) {
    return codec().encode(operation, output, {}, 0, context).body;
  };
  // An operation without output has no result element; one whose output says nothing has an empty one.
  EXPECT_THAT(body(operations[1], Json::object()), ::testing::Not(HasSubstr("Result>")));
  EXPECT_THAT(body(operations[0], Json::object()), HasSubstr("<EchoResult></EchoResult>"));
  EXPECT_THAT(body(operations[0], {{"Texts", Json::array()}, {"Text", nullptr}}),
              HasSubstr("<EchoResult><Texts/></EchoResult>"));
  EXPECT_THAT(body(operations[0], {{"Real", std::numeric_limits<double>::infinity()}, {"Text", "\xff"}}),
              HasSubstr("<Text>\xEF\xBF\xBD</Text><Real>Infinity</Real>"));
}

TEST(Query, TellsErrors) {
  constexpr ErrorShape missing{"QueueDoesNotExist", 400, Fault::Sender, "message", false, "AWS.Queue.Gone"};
  AwsError error(missing, "no <queue>");
  error.members.emplace_back("Name", "q");
  const Response response = codec().encode_error(error, {.service = &service, .request_id = "r"});
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.headers, ElementsAre(Pair("Content-Type", "text/xml")));
  EXPECT_EQ(response.body,
            R"(<ErrorResponse xmlns="http://echo/?a&amp;b"><Error><Type>Sender</Type>)"
            "<Code>AWS.Queue.Gone</Code><Message>no &lt;queue&gt;</Message><Name>q</Name></Error>"
            "<RequestId>r</RequestId></ErrorResponse>");
  // Nothing is known of the service: the namespace of AWS's front end, as recorded for SNS.
  const Response early = codec().encode_error(AwsError(errors::InternalFailure, ""));
  EXPECT_EQ(early.status, 500);
  EXPECT_THAT(early.body, HasSubstr("xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\""));
  EXPECT_THAT(early.body, HasSubstr("<Type>Receiver</Type><Code>InternalFailure</Code>"));
}

}  // namespace
}  // namespace aviary::wire
