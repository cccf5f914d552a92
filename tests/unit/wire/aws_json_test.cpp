#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

using models::Shape;
using models::ShapeType;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A small queue service, as its tables would be.
constexpr Shape text{.name = "String", .type = ShapeType::String, .min = 1};
constexpr Shape number{.name = "Integer", .type = ShapeType::Integer, .max = 900};
constexpr Shape bytes{.name = "Binary", .type = ShapeType::Blob};
constexpr models::Member send_members[] = {
    {.name = "QueueUrl", .location_name = {}, .shape = &text, .required = true},
    {.name = "DelaySeconds", .location_name = {}, .shape = &number},
    {.name = "Body", .location_name = {}, .shape = &bytes}};
constexpr Shape send_input{
    .name = "SendMessageRequest", .type = ShapeType::Structure, .members = send_members};
constexpr models::Member sent_members[] = {{.name = "MessageId", .location_name = {}, .shape = &text},
                                           {.name = "Body", .location_name = {}, .shape = &bytes}};
constexpr Shape send_output{
    .name = "SendMessageResult", .type = ShapeType::Structure, .members = sent_members};
constexpr models::Operation operations[] = {
    {.name = "Purge", .method = "POST", .uri = "/", .input = &send_input},
    {.name = "SendMessage", .method = "POST", .uri = "/", .input = &send_input, .output = &send_output}};
constexpr models::Protocol spoken[] = {models::Protocol::AwsJson10};
constexpr models::Service service{.id = "queue",
                                  .signing_name = "queue",
                                  .target_prefix = "Queue_2012",
                                  .api_version = {},
                                  .xml_namespace = {},
                                  .protocols = spoken,
                                  .operations = operations,
                                  .errors = {}};
constexpr ErrorShape missing{"QueueDoesNotExist", 400,   Fault::Sender,
                             "message",           false, "AWS.Queue.NonExistent"};

const Codec& codec() { return *codec_for(models::Protocol::AwsJson10); }

Result<Decoded> decode(std::string_view target, std::string body) {
  Request request{
      .method = "POST", .target = "/", .headers = {{"X-Amz-Target", target}}, .body = std::move(body)};
  const Result<Match> match = codec().route(service, request);
  if (!match) return match.error();
  return codec().decode(*match, request);
}

TEST(AwsJson, ReadsTheOperationFromItsHeaderAndAllMembersFromTheBody) {
  const Result<Decoded> decoded =
      decode("Queue_2012.SendMessage", R"({"QueueUrl":"u","DelaySeconds":3,"Body":"AAE=","Other":1})");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->input, Json({{"QueueUrl", "u"}, {"DelaySeconds", 3}, {"Body", std::string("\0\1", 2)}}));
}

TEST(AwsJson, RefusesAsTheOthersDo) {
  EXPECT_EQ(decode("Queue_2012.SendMessage", "{}").error().message,
            "1 validation error detected: Value null at 'queueUrl' failed to satisfy constraint: Member must "
            "not be null");
  EXPECT_EQ(decode("Queue_2012.SendMessage", R"({"QueueUrl":"u","DelaySeconds":""})").error().message,
            "STRING_VALUE can not be converted to an Integer");
  for (const char* target : {"Queue_2012.Unknown", "Other.SendMessage", "SendMessage", ""}) {
    const Result<Decoded> decoded = decode(target, "{}");
    ASSERT_FALSE(decoded);
    const Response response = codec().encode_error(decoded.error());
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, R"({"__type":"UnknownOperationException"})");
  }
}

TEST(AwsJson, Answers) {
  const Response sent = codec().encode(operations[1], {{"MessageId", "m"}, {"Body", "\1"}}, {}, 0);
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.body, R"({"MessageId":"m","Body":"AQ=="})");
  EXPECT_THAT(sent.headers, UnorderedElementsAre(Pair("Content-Type", "application/x-amz-json-1.0")));
  EXPECT_EQ(codec().encode(operations[0], Json::object(), {}, 0).body, "");

  const Response error = codec().encode_error(AwsError(missing, "no queue"));
  EXPECT_EQ(error.body, R"({"__type":"QueueDoesNotExist","message":"no queue"})");
  EXPECT_THAT(error.headers,
              UnorderedElementsAre(Pair("Content-Type", "application/x-amz-json-1.0"),
                                   Pair("x-amzn-ErrorType", "QueueDoesNotExist"),
                                   Pair("x-amzn-query-error", "AWS.Queue.NonExistent;Sender")));
}

TEST(AwsJson, NamesQueryErrorsOnlyWhereQueryWasSpoken) {
  const auto header = [](const models::Service& of, const ErrorShape& shape) -> std::string {
    const AnswerContext context{.service = &of, .request_id = {}};
    for (const auto& [name, value] : codec().encode_error(AwsError(shape, "text"), context).headers)
      if (name == "x-amzn-query-error") return value;
    return "none";
  };
  EXPECT_EQ(header(service, errors::ValidationException), "none");
  static constexpr models::Protocol both[] = {models::Protocol::AwsJson10, models::Protocol::Query};
  models::Service once = service;
  once.protocols = both;
  EXPECT_EQ(header(once, errors::ValidationException), "ValidationError;Sender");
  EXPECT_EQ(header(once, errors::InternalFailure), "InternalFailure;Receiver");
  EXPECT_EQ(header(once, missing), "AWS.Queue.NonExistent;Sender");
}

}  // namespace
}  // namespace aviary::wire
