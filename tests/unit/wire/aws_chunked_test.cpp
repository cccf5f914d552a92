#include "wire/aws_chunked.hpp"

#include <gtest/gtest.h>

namespace aviary::wire {
namespace {

constexpr std::string_view signed_body =
    "5;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\nhello\r\n"
    "10\r\n, world and more\r\n"
    "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n"
    "X-Amz-Checksum-CRC32: AAAAAA==\r\nx-amz-trailer-signature:63bd\r\n\r\n";
constexpr std::string_view plain_body = "hello, world and more";

TEST(AwsChunked, WhereverThePiecesAreCut) {
  for (std::size_t cut = 0; cut <= signed_body.size(); ++cut)
    for (const std::size_t second : {std::size_t{1}, std::size_t{13}, signed_body.size()}) {
      AwsChunkReader reader;
      std::string plain;
      EXPECT_TRUE(reader.read(signed_body.substr(0, cut), plain));
      for (std::size_t at = cut; at < signed_body.size(); at += second)
        EXPECT_TRUE(reader.read(signed_body.substr(at, second), plain));
      EXPECT_TRUE(reader.finish());
      EXPECT_EQ(plain, plain_body);
      ASSERT_EQ(reader.trailers().size(), 2U);
      EXPECT_EQ(reader.trailers()[0].first, "x-amz-checksum-crc32");
      EXPECT_EQ(reader.trailers()[0].second, "AAAAAA==");
    }
}

TEST(AwsChunked, TheLastChunkMayLackItsEnd) {
  for (const std::string_view body : {"1\r\na\r\n0\r\n\r\n", "1\r\na\r\n0\r\n", "1\r\na\r\n0"}) {
    const std::optional<UnchunkedBody> found = unchunk(body);
    ASSERT_TRUE(found) << body;
    EXPECT_EQ(found->bytes, "a");
  }
  EXPECT_EQ(unchunk("0\r\n\r\n")->bytes, "");
}

TEST(AwsChunked, WhatIsMalformedIsRefused) {
  for (const std::string_view body :
       {"", "hello", "5\r\nhel", "5\r\nhelloworld\r\n0\r\n\r\n", "5\r\nhello\r\n", "-1\r\n", "\r\n",
        "fffffffffffffffff\r\n", "5\r\nhello"})
    EXPECT_FALSE(unchunk(body)) << body;
  // A line that does not end is not kept.
  AwsChunkReader reader;
  std::string plain;
  EXPECT_FALSE(reader.read(std::string(100'000, '1'), plain));
}

}  // namespace
}  // namespace aviary::wire
