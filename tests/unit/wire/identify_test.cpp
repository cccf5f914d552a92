#include <gtest/gtest.h>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

using models::Protocol;
using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr Protocol json_and_query[] = {Protocol::AwsJson10, Protocol::Query};
constexpr Protocol cbor_json_query[] = {Protocol::RpcV2Cbor, Protocol::AwsJson10, Protocol::Query};
constexpr Protocol rest_xml[] = {Protocol::RestXml};
constexpr models::Operation queue_operations[] = {{.name = "SendMessage", .method = "POST", .uri = "/"}};
constexpr models::Operation bucket_operations[] = {
    {.name = "GetBucket", .method = "GET", .uri = "/{Bucket}"},
    {.name = "GetObject", .method = "GET", .uri = "/{Bucket}/{Key+}"}};

constexpr models::Service made_up(std::string_view id, std::string_view signing_name, std::string_view prefix,
                                  std::string_view version, std::span<const Protocol> protocols,
                                  std::span<const models::Operation> operations) {
  return {.id = id,
          .signing_name = signing_name,
          .target_prefix = prefix,
          .api_version = version,
          .xml_namespace = {},
          .protocols = protocols,
          .operations = operations,
          .errors = {}};
}
constexpr models::Service sqs =
    made_up("sqs", "sqs", "AmazonSQS", "2012-11-05", json_and_query, queue_operations);
constexpr models::Service cloudwatch =
    made_up("cloudwatch", "monitoring", "GraniteServiceVersion20100801", "2010-08-01", cbor_json_query, {});
constexpr models::Service s3 = made_up("s3", "s3", "", "2006-03-01", rest_xml, bucket_operations);
const models::Service* const services[] = {&models::lambda::service, &sqs, &cloudwatch, &s3};

std::string identified(std::string_view method, std::string_view target, const Headers& headers = {},
                       std::string body = {}) {
  const Request request{.method = method, .target = target, .headers = headers, .body = std::move(body)};
  const std::optional<Target> found = identify(request, services);
  if (!found) return "none";
  return std::string(found->service->id) + " " + std::to_string(static_cast<int>(found->protocol));
}
std::string expected(std::string_view id, Protocol protocol) {
  return std::string(id) + " " + std::to_string(static_cast<int>(protocol));
}
std::string signature(std::string_view service) {
  return "AWS4-HMAC-SHA256 Credential=AKIA/20240115/eu-west-1/" + std::string(service) +
         "/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
}

TEST(CredentialScope, FromTheHeader) {
  const std::string text = signature("lambda");
  const Request request{.method = "GET", .target = "/", .headers = {{"authorization", text}}, .body = {}};
  const std::optional<CredentialScope> scope = credential_scope(request);
  ASSERT_TRUE(scope);
  EXPECT_EQ(scope->access_key_id, "AKIA");
  EXPECT_EQ(scope->date, "20240115");
  EXPECT_EQ(scope->region, "eu-west-1");
  EXPECT_EQ(scope->service, "lambda");
}

TEST(CredentialScope, FromAPresignedQueryAndWithoutARegion) {
  const Request presigned{
      .method = "GET",
      .target = "/b/k?X-Amz-Credential=123456789012%2F20240115%2Fus-east-1%2Fs3%2Faws4_request&a=b",
      .headers = {},
      .body = {}};
  EXPECT_EQ(credential_scope(presigned)->access_key_id, "123456789012");
  EXPECT_EQ(credential_scope(presigned)->service, "s3");
  const Request any_region{
      .method = "GET",
      .target = "/",
      .headers = {{"Authorization",
                   "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20240115/s3/aws4_request,Signature=0"}},
      .body = {}};
  EXPECT_EQ(credential_scope(any_region)->region, "");
  EXPECT_EQ(credential_scope(any_region)->service, "s3");
}

TEST(CredentialScope, NothingFromWhatIsNone) {
  for (const char* text :
       {"Bearer abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 Credential=a/b/c",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f/g/aws4_request",
        "AWS4-HMAC-SHA256 Credential=/20240115/us-east-1/lambda/aws4_request"}) {
    const Request request{.method = "GET", .target = "/", .headers = {{"Authorization", text}}, .body = {}};
    EXPECT_FALSE(credential_scope(request)) << text;
  }
  EXPECT_FALSE(
      credential_scope(Request{.method = "GET", .target = "/?X-Amz-Credential", .headers = {}, .body = {}}));
}

TEST(Identify, TheCredentialScopeDecides) {
  EXPECT_EQ(identified("GET", "/nowhere", {{"Authorization", signature("lambda")}}),
            expected("lambda", Protocol::RestJson));
  EXPECT_EQ(identified("GET", "/2015-03-31/functions", {{"Authorization", signature("s3")}}),
            expected("s3", Protocol::RestXml));
  EXPECT_EQ(identified("GET", "/2015-03-31/functions", {{"Authorization", signature("dynamodb")}}), "none");
}

TEST(Identify, ProtocolsOfOneService) {
  const std::string scope = signature("sqs");
  EXPECT_EQ(identified("POST", "/",
                       {{"Authorization", scope},
                        {"X-Amz-Target", "AmazonSQS.SendMessage"},
                        {"Content-Type", "application/x-amz-json-1.0"}}),
            expected("sqs", Protocol::AwsJson10));
  EXPECT_EQ(identified("POST", "/",
                       {{"Authorization", scope},
                        {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                       "Action=SendMessage&Version=2012-11-05"),
            expected("sqs", Protocol::Query));
  EXPECT_EQ(identified("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                       {{"Authorization", signature("monitoring")}, {"smithy-protocol", "rpc-v2-cbor"}}),
            expected("cloudwatch", Protocol::RpcV2Cbor));
}

TEST(Identify, Cbor) {
  constexpr std::string_view path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
  const auto expect = [&](std::string_view target, const Headers& headers, const std::string& wanted) {
    EXPECT_EQ(identified("POST", target, headers), wanted) << target;
  };
  const std::string cbor = expected("cloudwatch", Protocol::RpcV2Cbor);
  // The header alone must do, and so must path and body together.
  expect(path, {{"Smithy-Protocol", "rpc-v2-cbor"}}, cbor);
  expect(path, {{"Content-Type", "application/cbor"}}, cbor);
  expect("/base/service/GraniteServiceVersion20100801/operation/X", {{"smithy-protocol", "rpc-v2-cbor"}},
         cbor);
  expect("/service/Other/operation/X", {{"smithy-protocol", "rpc-v2-cbor"}}, "none");
  expect(path, {{"smithy-protocol", "rpc-v2-json"}}, "none");
  expect(path, {}, "none");
  // A service that does not speak it is not spoken to in it.
  expect(path, {{"Authorization", signature("sqs")}, {"smithy-protocol", "rpc-v2-cbor"}},
         expected("sqs", Protocol::AwsJson10));
  // Who does not say what he speaks gets an answer that he can read.
  expect("/", {{"Authorization", signature("monitoring")}}, expected("cloudwatch", Protocol::AwsJson10));
}

TEST(Identify, UnsignedRequestsByTheirOtherMarks) {
  EXPECT_EQ(identified("GET", "/2015-03-31/functions/"), expected("lambda", Protocol::RestJson));
  EXPECT_EQ(identified("GET", "/bucket/key"), expected("s3", Protocol::RestXml));
  EXPECT_EQ(identified("POST", "/", {{"X-Amz-Target", "AmazonSQS.SendMessage"}}),
            expected("sqs", Protocol::AwsJson10));
  EXPECT_EQ(identified("POST", "/service/GraniteServiceVersion20100801/operation/X",
                       {{"Smithy-Protocol", "rpc-v2-cbor"}}),
            expected("cloudwatch", Protocol::RpcV2Cbor));
  EXPECT_EQ(identified("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}},
                       "Version=2012-11-05&Action=SendMessage"),
            expected("sqs", Protocol::Query));
  EXPECT_EQ(identified("POST", "/", {{"Host", "sqs.us-east-1.amazonaws.com"}}),
            expected("sqs", Protocol::AwsJson10));
  EXPECT_EQ(identified("POST", "/", {{"Host", "127.0.0.1:4566"}}), "none");
  EXPECT_EQ(identified("DELETE", "/a/b/c"), "none");
}

}  // namespace
}  // namespace aviary::wire
