#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace aviary {
namespace {

TEST(Base64, EncodesAsRfc4648) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    bytes += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatIsNone) {
  for (const std::string_view text : {"Z", "Zg=", "Zg", "Z===", "====", "Zm9v!m9v", "Zg==Zg==", "Zm\n9"})
    EXPECT_FALSE(base64_decode(text)) << text;
}

TEST(Percent, DecodesAndRefuses) {
  EXPECT_EQ(percent_decode("arn%3Aaws%2fx+y"), "arn:aws/x+y");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%zz"));
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
}

TEST(Digest, Sha256AndHmacOfKnownVectors) {
  EXPECT_EQ(hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Utf8, TellsWellFormedFromMalformed) {
  for (std::size_t before = 0; before < 20; ++before) {
    EXPECT_TRUE(is_utf8(std::string(before, 'a') + "\xC3\xBC" + std::string(20, 'b')));
    EXPECT_FALSE(is_utf8(std::string(before, 'a') + "\xC3" + std::string(20, 'b')));
    EXPECT_FALSE(is_utf8(std::string(before, 'a') + "\xFF"));
  }
  EXPECT_TRUE(is_utf8("plain, \xC3\xBC, \xE2\x82\xAC, \xF0\x9F\x90\xA6"));
  for (const std::string_view text :
       {"\x80", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xF0\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Time, RendersAsLambdaAndHttpDo) {
  const Instant at = *parse_iso8601("2024-01-15T10:30:00.123456Z");
  EXPECT_EQ(lambda_timestamp(at), "2024-01-15T10:30:00.123+0000");
  EXPECT_EQ(iso8601(at), "2024-01-15T10:30:00.123Z");
  EXPECT_EQ(iso8601(at, 0), "2024-01-15T10:30:00Z");
  EXPECT_EQ(iso8601(at, 6), "2024-01-15T10:30:00.123456Z");
  EXPECT_EQ(http_date(at), "Mon, 15 Jan 2024 10:30:00 GMT");
}

TEST(Time, ReadsOffsetsAndRefusesNonsense) {
  EXPECT_EQ(parse_iso8601("2024-01-15T10:30:00+02:00"), parse_iso8601("2024-01-15T08:30:00Z"));
  EXPECT_EQ(parse_iso8601("2024-01-15T10:30:00.000+0000"), parse_iso8601("2024-01-15T10:30:00Z"));
  for (const std::string_view text :
       {"", "2024", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-15T25:00:00Z",
        "2024-01-15T10:30:00", "2024-01-15T10:30:00.Z", "2024-01-15T10:30:00Zx"})
    EXPECT_FALSE(parse_iso8601(text)) << text;
}

}  // namespace
}  // namespace aviary
