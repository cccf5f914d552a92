#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "requests.hpp"

namespace aviary::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const models::Operation& operation(std::string_view name) {
  return *models::lambda::service.find_operation(name);
}

std::string refusal(std::string_view method, std::string_view target, std::string body = {}) {
  const Result<Decoded> decoded = decode_lambda(method, target, std::move(body));
  if (decoded) return "accepted";
  EXPECT_EQ(decoded.error().shape, &errors::SerializationException);
  return decoded.error().message;
}

TEST(RestJsonDecode, GathersMembersFromEverywhere) {
  const Result<Decoded> decoded =
      decode_lambda("POST", "/2015-03-31/functions/f/policy?Qualifier=prod", R"({"StatementId":"s",
 "Action":"lambda:InvokeFunction","Principal":"s3.amazonaws.com","SourceAccount":null,"Unknown":{"a":[1,{"b":2}]}})");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->input, Json({{"FunctionName", "f"},
                                  {"Qualifier", "prod"},
                                  {"StatementId", "s"},
                                  {"Action", "lambda:InvokeFunction"},
                                  {"Principal", "s3.amazonaws.com"}}));
}

TEST(RestJsonDecode, MembersBoundElsewhereAreNotReadFromTheBody) {
  const Result<Decoded> decoded =
      decode_lambda("PUT", "/2015-03-31/functions/f/aliases/a",
                    R"({"FunctionName":"other","Name":"other","Description":"d"})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->input, Json({{"FunctionName", "f"}, {"Name", "a"}, {"Description", "d"}}));
}

TEST(RestJsonDecode, PayloadIsHandedOnAsItCame) {
  const std::string bytes("{\"not\": json\0\xFF", 15);
  const Result<Decoded> decoded = decode_lambda(
      "POST", "/2015-03-31/functions/f/invocations?Qualifier=1", bytes,
      {{"x-amz-invocation-type", "Event"}, {"X-AMZ-LOG-TYPE", "Tail"}, {"X-Amz-Client-Context", ""}});
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->payload, bytes);
  EXPECT_EQ(
      decoded->input,
      Json({{"FunctionName", "f"}, {"Qualifier", "1"}, {"InvocationType", "Event"}, {"LogType", "Tail"}}));
}

TEST(RestJsonDecode, PayloadIsMovedNotCopied) {
  Request request{.method = "POST",
                  .target = "/2015-03-31/functions/f/invocations",
                  .headers = {},
                  .body = std::string(1000, 'x')};
  const char* const bytes = request.body.data();
  Result<Match> match = rest_json().route(models::lambda::service, request);
  ASSERT_TRUE(match);
  const Result<Decoded> decoded = rest_json().decode(*match, request);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->payload.data(), bytes);
}

TEST(RestJsonDecode, StructurePayloadIsAMember) {
  const Result<Decoded> decoded =
      decode_lambda("POST", "/2025-12-01/durable-execution-callbacks/abc/fail", R"({"ErrorMessage":"m"})");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->input, Json({{"CallbackId", "abc"}, {"Error", {{"ErrorMessage", "m"}}}}));
}

TEST(RestJsonDecode, PayloadOfBoundedLength) {
  const std::string target = "/2025-12-01/durable-execution-callbacks/abc/succeed";
  EXPECT_TRUE(decode_lambda("POST", target, std::string(262144, 'x')));
  const Result<Decoded> decoded = decode_lambda("POST", target, std::string(262145, 'x'));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message,
            "1 validation error detected: Value at 'result' failed to satisfy constraint: Member must have "
            "length less "
            "than or equal to 262144");
}

TEST(RestJsonDecode, ConvertsByShape) {
  const Result<Decoded> decoded =
      decode_lambda("POST", "/2015-03-31/event-source-mappings", R"({"FunctionName":"f",
 "BatchSize":7.9,"Enabled":"true","StartingPositionTimestamp":1700000000.25,"Topics":["t1"],"TumblingWindowInSeconds":-0})");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->input, Json({{"FunctionName", "f"},
                                  {"BatchSize", 7},
                                  {"Enabled", true},
                                  {"StartingPositionTimestamp", 1700000000.25},
                                  {"Topics", {"t1"}},
                                  {"TumblingWindowInSeconds", 0}}));
  EXPECT_EQ(decode_lambda("POST", "/2015-03-31/event-source-mappings",
                          R"({"FunctionName":"f","StartingPositionTimestamp":"2023-11-14T22:13:20Z"})")
                ->input.at("StartingPositionTimestamp"),
            1700000000.0);
  const Result<Decoded> code =
      decode_lambda("PUT", "/2015-03-31/functions/f/code", R"({"ZipFile":"UEsDBAD/"})");
  ASSERT_TRUE(code);
  EXPECT_EQ(code->input.at("ZipFile").get<std::string>(), std::string("PK\3\4\0\xFF", 6));
}

TEST(RestJsonDecode, QueryAndUriTextIsCoerced) {
  const Result<Decoded> list = decode_lambda("GET", "/2015-03-31/functions/?MaxItems=10&Marker=a%2Bb+c");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->input, Json({{"MaxItems", 10}, {"Marker", "a+b c"}}));
  const Result<Decoded> layer = decode_lambda("GET", "/2018-10-31/layers/l/versions/3");
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->input, Json({{"LayerName", "l"}, {"VersionNumber", 3}}));
  EXPECT_EQ(refusal("GET", "/2015-03-31/functions?MaxItems=ten"),
            "STRING_VALUE can not be converted to an Integer");
  EXPECT_EQ(refusal("GET", "/2018-10-31/layers/l/versions/x"), "STRING_VALUE can not be converted to a Long");
  const Result<Decoded> untag = decode_lambda(
      "DELETE",
      "/2017-03-31/tags/arn:aws:lambda:us-east-1:123456789012:function:f?tagKeys=b&tagKeys=a&other=c");
  ASSERT_TRUE(untag);
  EXPECT_EQ(untag->input.at("TagKeys"), Json({"b", "a"}));
}

TEST(RestJsonDecode, EmptyAndNullBodiesAreEmptyDocuments) {
  for (const char* body : {"", "  ", "{}", "null", "\n"}) {
    const Result<Decoded> decoded = decode_lambda("POST", "/2015-03-31/functions/f/versions", body);
    ASSERT_TRUE(decoded) << body;
    EXPECT_EQ(decoded->input, Json({{"FunctionName", "f"}}));
  }
}

// The texts were measured at DynamoDB, Athena, SES and SQS; the deserialiser is the same framework's.
TEST(RestJsonDecode, WrongTypesAreNamedAsAwsNamesThem) {
  const auto alias = [](const std::string& body) {
    return refusal("POST", "/2015-03-31/functions/f/aliases", body);
  };
  EXPECT_EQ(alias(R"({"Name":1})"), "NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(alias(R"({"Name":true})"), "TRUE_VALUE can not be converted to a String");
  EXPECT_EQ(alias(R"({"Name":false})"), "FALSE_VALUE can not be converted to a String");
  EXPECT_EQ(alias(R"({"Name":["a"]})"), "Start of list found where not expected");
  EXPECT_EQ(alias(R"({"Name":{}})"), "Start of structure or map found where not expected.");
  EXPECT_EQ(alias(R"({"RoutingConfig":"a"})"), "Expected null");
  EXPECT_EQ(alias(R"({"RoutingConfig":[]})"), "Start of list found where not expected");
  EXPECT_EQ(alias(R"({"RoutingConfig":{"AdditionalVersionWeights":1}})"), "Expected map or null");
  EXPECT_EQ(alias(R"({"RoutingConfig":{"AdditionalVersionWeights":{"2":"a"}}})"),
            "STRING_VALUE can not be converted to a Double");
  EXPECT_EQ(alias("[]"), "Start of list found where not expected");
  const auto configure = [](const std::string& body) {
    return refusal("PUT", "/2015-03-31/functions/f/configuration", body);
  };
  EXPECT_EQ(configure(R"({"Timeout":"3"})"), "STRING_VALUE can not be converted to an Integer");
  EXPECT_EQ(configure(R"({"Timeout":true})"), "TRUE_VALUE can not be converted to an Integer");
  EXPECT_EQ(configure(R"({"Timeout":3000000000})"), "NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(configure(R"({"Layers":"a"})"), "Expected list or null");
  EXPECT_EQ(configure(R"({"Layers":{}})"), "Start of structure or map found where not expected.");
  EXPECT_EQ(configure(R"({"Layers":[1]})"), "NUMBER_VALUE can not be converted to a String");
  const auto code = [](const std::string& body) {
    return refusal("PUT", "/2015-03-31/functions/f/code", body);
  };
  EXPECT_EQ(code(R"({"Publish":"maybe"})"), "STRING_VALUE can not be converted to an Boolean");
  EXPECT_EQ(code(R"({"Publish":1})"), "NUMBER_VALUE can not be converted to a Boolean");
  EXPECT_EQ(code(R"({"ZipFile":"abc"})"),
            "'abc' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes "
            "but found: 3");
  EXPECT_EQ(code(R"({"ZipFile":"ab!d"})"),
            "'ab!d' can not be converted to a Blob: Invalid Base64 character: '!'");
  EXPECT_EQ(code(R"({"ZipFile":1})"), "NUMBER_VALUE can not be converted to a Blob");
}

TEST(RestJsonDecode, MalformedBodies) {
  for (const char* body : {"{", "{\"Name\":", "{\"Name\":\"a\"", "{]", "{\"a\":1,}", "{} x", "\xFF",
                           "{\"Name\":\"\xFF\"}", "{'Name':'a'}", "{\"a\":NaN}", "{\"a\":1e999}"})
    EXPECT_THAT(refusal("POST", "/2015-03-31/functions/f/aliases", body),
                HasSubstr("Could not parse request body into json"))
        << body;
  EXPECT_EQ(refusal("POST", "/2015-03-31/functions/f/aliases", "\"text\""), "Expected null");
}

TEST(RestJsonDecode, DepthAndCountAreBounded) {
  const std::string deep = "{\"Unknown\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_TRUE(
      decode_lambda("POST", "/2015-03-31/functions/f/versions", deep));  // skipped without being stored
  std::string many = "{\"Layers\":[\"a\"";
  for (int i = 0; i < 1'000'000; ++i) many += ",\"\"";
  EXPECT_EQ(refusal("PUT", "/2015-03-31/functions/f/configuration", many + "]}"),
            "The request body has too many values.");
}

TEST(RestJsonEncode, MembersInModelOrderWithoutNullOnes) {
  const Response response =
      rest_json().encode(operation("CreateAlias"),
                         {{"RevisionId", "r"},
                          {"Name", "a"},
                          {"AliasArn", "arn"},
                          {"FunctionVersion", "1"},
                          {"Description", ""},
                          {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.1}}}}},
                          {"Nothing", 1},
                          {"Unmodelled", "x"}},
                         {}, 0);
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.headers, UnorderedElementsAre(Pair("Content-Type", "application/json")));
  EXPECT_EQ(response.body, R"({"AliasArn":"arn","Name":"a","FunctionVersion":"1","Description":"",)"
                           R"("RoutingConfig":{"AdditionalVersionWeights":{"2":0.1}},"RevisionId":"r"})");
  EXPECT_EQ(rest_json().encode(operation("GetAlias"), {{"Name", nullptr}}, {}, 0).body, "{}");
}

TEST(RestJsonEncode, InvokeAnswersInHeadersAndPayload) {
  const Response response = rest_json().encode(
      operation("Invoke"),
      {{"StatusCode", 200}, {"ExecutedVersion", "2"}, {"FunctionError", "Unhandled\r\nX: y"}}, "\x01payload",
      0);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "\x01payload");
  EXPECT_THAT(response.headers, UnorderedElementsAre(Pair("X-Amz-Executed-Version", "2"),
                                                     Pair("X-Amz-Function-Error", "Unhandled  X: y"),
                                                     Pair("Content-Type", "application/json")));
  const Response event = rest_json().encode(operation("Invoke"), Json::object(), {}, 202);
  EXPECT_EQ(event.status, 202);
  EXPECT_TRUE(event.body.empty());
  EXPECT_TRUE(event.headers.empty());
}

TEST(RestJsonEncode, NoBodyWhereTheModelHasNone) {
  const Response response = rest_json().encode(operation("DeleteAlias"), Json::object(), {}, 0);
  EXPECT_EQ(response.status, 204);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(rest_json().encode(operation("DeleteFunction"), Json::object(), {}, 0).status, 204);
}

TEST(RestJsonEncode, ValuesByShape) {
  const auto mapping = [](const Json& output) {
    return rest_json().encode(operation("GetEventSourceMapping"), output, {}, 0).body;
  };
  EXPECT_EQ(mapping({{"LastModified", 1700000000}}), R"({"LastModified":1700000000})");
  EXPECT_EQ(mapping({{"LastModified", 1700000000.25}}), R"({"LastModified":1700000000.25})");
  EXPECT_EQ(mapping({{"UUID", "a\"\\\n\x01\xC3\xA9\x7F"}}), "{\"UUID\":\"a\\\"\\\\\\n\\u0001\xC3\xA9\x7F\"}");
  EXPECT_EQ(mapping({{"UUID", "\xFF"}}), "{\"UUID\":\"\xEF\xBF\xBD\"}");
  EXPECT_EQ(
      mapping({{"BatchSize", 10}, {"BisectBatchOnFunctionError", false}, {"Topics", {"a", nullptr, "b"}}}),
      R"({"BatchSize":10,"Topics":["a","b"],"BisectBatchOnFunctionError":false})");
}

std::string error_body(const AwsError& error) { return rest_json().encode_error(error).body; }

// Order and spelling as recorded.
TEST(RestJsonErrors, BodiesAsTheServiceSendsThem) {
  namespace rows = models::lambda::errors;
  AwsError missing(rows::ResourceNotFoundException, "Function not found: x");
  EXPECT_EQ(error_body(missing), R"({"Type":"User","Message":"Function not found: x"})");
  missing.omit_type = true;
  EXPECT_EQ(error_body(missing), R"({"Message":"Function not found: x"})");
  AwsError rate(rows::TooManyRequestsException, "Rate Exceeded.");
  rate.members.emplace_back("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded");
  EXPECT_EQ(
      error_body(rate),
      R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."})");
  AwsError foreign(rows::AccessDeniedException, "");
  foreign.omit_message = true;
  EXPECT_EQ(error_body(foreign), "{}");
  EXPECT_EQ(error_body(AwsError(rows::ServiceException, "m")), R"({"Type":"Service","Message":"m"})");
  EXPECT_EQ(error_body(AwsError(errors::ValidationException, "m")), R"({"message":"m"})");

  const Response response = rest_json().encode_error(missing);
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.headers, UnorderedElementsAre(Pair("Content-Type", "application/json"),
                                                     Pair("x-amzn-ErrorType", "ResourceNotFoundException")));
}

}  // namespace
}  // namespace aviary::wire
