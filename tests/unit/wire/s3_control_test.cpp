#include <gtest/gtest.h>

#include "models/s3.hpp"
#include "models/s3control.hpp"
#include "wire/protocol.hpp"

/// Two services of one protocol and one signing name, which are told apart by the path.
namespace aviary::wire {
namespace {

const models::Service* const services[] = {&models::s3::service, &models::s3control::service};
const Codec& rest_xml() { return *codec_for(models::Protocol::RestXml); }

std::string asked(std::string_view method, std::string_view target, std::string_view host) {
  const std::string signature =
      "AWS4-HMAC-SHA256 Credential=AKIA/20240115/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00";
  const Request request{.method = method,
                        .target = target,
                        .headers = {{"host", host}, {"authorization", signature}},
                        .body = {}};
  const std::optional<Target> found = identify(request, services);
  if (!found) return "none";
  const Result<Match> match = rest_xml().route(*found->service, request);
  if (!match) return std::string(found->service->id) + " refused";
  std::string text = std::string(found->service->id) + ' ' + std::string(match->operation->name);
  for (const auto& [name, value] : match->labels) text += ' ' + value;
  return text;
}

TEST(S3Control, IsToldApartByItsPaths) {
  EXPECT_EQ(asked("PUT", "/v20180820/accesspoint/readers", "123456789012.localhost:4566"),
            "s3control CreateAccessPoint readers");
  EXPECT_EQ(asked("GET", "/v20180820/accesspoint/readers/policy",
                  "123456789012.s3-control.eu-west-1.amazonaws.com"),
            "s3control GetAccessPointPolicy readers");
  EXPECT_EQ(asked("GET", "/v20180820/configuration/publicAccessBlock", "127.0.0.1:4566"),
            "s3control GetPublicAccessBlock");
  EXPECT_EQ(asked("GET", "/v20180820/tags/arn%3Aaws%3As3%3Aeu-west-1%3A123456789012%3Aaccesspoint%2Freaders",
                  "localhost"),
            "s3control ListTagsForResource arn:aws:s3:eu-west-1:123456789012:accesspoint/readers");
  EXPECT_EQ(asked("GET", "/photos/a", "127.0.0.1:4566"), "s3 GetObject photos a");
  EXPECT_EQ(asked("GET", "/a/b", "readers-123456789012.localhost:4566"),
            "s3 GetObject readers-123456789012 a/b");
  EXPECT_EQ(asked("GET", "/a/b", "readers-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"),
            "s3 GetObject readers-123456789012 a/b");
}

TEST(S3Control, WrapsItsErrors) {
  AwsError error(models::s3control::errors::NoSuchAccessPoint, "The specified accesspoint does not exist");
  error.members = {{"AccessPointName", "readers"}};
  const Response wrapped =
      rest_xml().encode_error(error, {.service = &models::s3control::service, .request_id = "r"});
  EXPECT_EQ(wrapped.status, 404);
  EXPECT_EQ(wrapped.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ErrorResponse xmlns=\"http://awss3control.amazonaws.com/doc/2018-08-20/\"><Error>"
            "<Code>NoSuchAccessPoint</Code><Message>The specified accesspoint does not exist</Message>"
            "<AccessPointName>readers</AccessPointName></Error><RequestId>r</RequestId></ErrorResponse>");
  const Response bare = rest_xml().encode_error(error, {.service = &models::s3::service, .request_id = "r"});
  EXPECT_TRUE(bare.body.ends_with("<RequestId>r</RequestId></Error>")) << bare.body;
}

}  // namespace
}  // namespace aviary::wire
