#include "gateway/signature.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "ports/body_source.hpp"

namespace aviary {
namespace {

// Signed by botocore 1.43's SigV4Auth and SigV4QueryAuth at this moment with these keys.
const Instant signed_at = *parse_iso8601("2026-01-01T12:00:00Z");
const AccessKeys keys{{"AKIDEXAMPLE", "secret/with+chars"}};
constexpr std::string_view authorization =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/lambda/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, "
    "Signature=74cbc81779c13173137e0cd98a4067cc3cd1a6780d46df7dd5ea93a3a932cb13";

wire::Request signed_invoke() {
  wire::Request request;
  request.method = "POST";
  request.target = "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=%24LATEST&b=a%20b";
  request.headers = {{"Host", "127.0.0.1:4566"},
                     {"Content-Type", "application/json"},
                     {"X-Amz-Date", "20260101T120000Z"},
                     {"Authorization", authorization}};
  request.body = R"({"a":1})";
  return request;
}

TEST(Signature, WhatBotocoreSignedPasses) { EXPECT_TRUE(verify_signature(signed_invoke(), keys, signed_at)); }

TEST(Signature, AChangedBodyDoesNot) {
  wire::Request request = signed_invoke();
  request.body = R"({"a":2})";
  const Result<> result = verify_signature(request, keys, signed_at);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().shape->code, "InvalidSignatureException");
  EXPECT_EQ(result.error().shape->status, 403);
}

TEST(Signature, AnUnknownKeyDoesNot) {
  const Result<> result = verify_signature(signed_invoke(), {{"other", "secret"}}, signed_at);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().shape->code, "UnrecognizedClientException");
}

TEST(Signature, AWrongSecretDoesNot) {
  EXPECT_FALSE(verify_signature(signed_invoke(), {{"AKIDEXAMPLE", "other"}}, signed_at));
}

TEST(Signature, AnOldOneDoesNot) {
  const Result<> result = verify_signature(signed_invoke(), keys, signed_at + std::chrono::minutes(16));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with("Signature expired"));
}

TEST(Signature, NoneAtAllDoesNot) {
  wire::Request request = signed_invoke();
  request.headers.pop_back();
  const Result<> result = verify_signature(request, keys, signed_at);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().shape->code, "MissingAuthenticationTokenException");
}

TEST(Signature, MalformedOnesAreRefusedWithoutHarm) {
  for (const std::string_view text :
       {"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "Bearer x",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request", "AWS4-HMAC-SHA256 ,,,,"}) {
    wire::Request request = signed_invoke();
    request.headers.back().second = text;
    EXPECT_FALSE(verify_signature(request, keys, signed_at)) << text;
  }
}

TEST(Signature, APresignedQueryPassesUntilItExpires) {
  wire::Request request;
  request.method = "GET";
  request.target =
      "/2015-03-31/functions/"
      "?MaxItems=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-"
      "east-1%2Flambda%2Faws4_request&X-Amz-Date=20260101T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&"
      "X-Amz-"
      "Signature=fea327a9469d0bac115e305462876f5fd04ae2fc0b58b6534495d3de2a017b3a";
  request.headers = {{"Host", "127.0.0.1:4566"}};
  EXPECT_TRUE(verify_signature(request, keys, signed_at));
  EXPECT_FALSE(verify_signature(request, keys, signed_at + std::chrono::seconds(61)));
}

/// Not asked for anything here.
struct NotRead final : BodySource {
  Task<BodyPiece> next() override { co_return BodyPiece{}; }
};

wire::Request signed_put(std::string_view hash, std::string_view signature, std::string& kept) {
  kept =
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/s3/aws4_request, "
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=";
  kept += signature;
  wire::Request request;
  request.method = "PUT";
  request.target = "/photos/k";
  request.headers = {{"Host", "127.0.0.1:4566"},
                     {"X-Amz-Date", "20260101T120000Z"},
                     {"X-Amz-Content-SHA256", hash},
                     {"Authorization", kept}};
  return request;
}

TEST(Signature, OfABodyThatHasNotComeYet) {
  constexpr std::string_view hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  constexpr std::string_view of_hash = "3a362a16eed441b0ed742040ac531278fb8038729124a94f094fadbdb419117e";
  NotRead body;
  std::string kept;
  for (const auto& [said, signature] :
       {std::pair{std::string_view("UNSIGNED-PAYLOAD"),
                  std::string_view("8e1a4fb46b2075ee90386be17f7c8c4cc2972728089512e502ebc23ca7f2ad65")},
        std::pair{std::string_view("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                  std::string_view("fed5aca017c7aea85b6d001f5cb8b8f3b2dca26a2e6570e750508cdafd576ca8")},
        std::pair{hash, of_hash}}) {
    wire::Request request = signed_put(said, signature, kept);
    request.incoming = &body;
    EXPECT_TRUE(verify_signature(request, keys, signed_at)) << said;
    EXPECT_EQ(signed_payload_hash(request), said == hash ? hash : "");
    request.headers[2].second = "UNSIGNED-PAYLOA";
    EXPECT_FALSE(verify_signature(request, keys, signed_at));
    request.headers.erase(request.headers.begin() + 2);
    EXPECT_EQ(verify_signature(request, keys, signed_at).error().shape->code, "InvalidRequest");
  }
  // One that has come is compared at once.
  wire::Request request = signed_put(hash, of_hash, kept);
  request.body = "hello";
  EXPECT_TRUE(verify_signature(request, keys, signed_at));
  request.body = "hellO";
  EXPECT_EQ(verify_signature(request, keys, signed_at).error().shape->code, "XAmzContentSHA256Mismatch");
}

}  // namespace
}  // namespace aviary
