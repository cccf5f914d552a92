#include "wire/content_encoding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

std::string gzip(std::string_view plain) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, plain.size()), '\0');
  std::string in(plain);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Request request_of(std::string body) {
  return {
      .method = "POST", .target = "/", .headers = {{"Content-Encoding", "gzip"}}, .body = std::move(body)};
}

std::string plain(std::string body, std::size_t most = 1 << 20) {
  Request request = request_of(std::move(body));
  const Result<> done = decompress(request, most);
  return done ? request.body : std::string(done.error().shape->code);
}

TEST(ContentEncoding, GivesThePlainBody) {
  EXPECT_EQ(plain(gzip("Action=PutMetricData")), "Action=PutMetricData");
  EXPECT_EQ(plain(gzip("")), "");
  EXPECT_EQ(plain(gzip("one, ") + gzip("two")), "one, two");
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(plain(gzip(large)), large);
}

TEST(ContentEncoding, RefusesWhatIsNone) {
  const std::string whole = gzip("Action=PutMetricData");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(plain(whole.substr(0, size)), "SerializationException") << size;
  EXPECT_EQ(plain("Action=PutMetricData"), "SerializationException");
  EXPECT_EQ(plain(whole + "more"), "SerializationException");
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(plain(damaged), "SerializationException");
}

TEST(ContentEncoding, BoundsWhatComesOut) {
  EXPECT_EQ(plain(gzip(std::string(1000, 'x')), 1000).size(), 1000U);
  EXPECT_EQ(plain(gzip(std::string(1001, 'x')), 1000), "RequestEntityTooLargeException");
  EXPECT_EQ(plain(gzip(std::string(20'000'000, 'x')), 1 << 20), "RequestEntityTooLargeException");
}

TEST(ContentEncoding, OnlyGzip) {
  EXPECT_TRUE(is_compressed(request_of({})));
  EXPECT_FALSE(is_compressed({.method = "POST", .target = "/", .headers = {}, .body = {}}));
  EXPECT_FALSE(is_compressed(
      {.method = "POST", .target = "/", .headers = {{"Content-Encoding", "aws-chunked"}}, .body = {}}));
}

}  // namespace
}  // namespace aviary::wire
