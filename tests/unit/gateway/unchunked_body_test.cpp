#include "gateway/unchunked_body.hpp"

#include <gtest/gtest.h>

#include "support/run_task.hpp"
#include "support/scripted_body.hpp"

namespace aviary {
namespace {

struct Taken {
  std::string bytes;
  BodyEnd end;
};

Task<Taken> take_all(BodySource& source) {
  Taken taken{};
  for (;;) {
    auto taking = source.next();
    const BodyPiece piece = co_await std::move(taking);
    taken.bytes += piece.bytes;
    taken.end = piece.end;
    if (piece.bytes.empty()) break;
  }
  co_return taken;
}

Taken unchunked(std::vector<std::string> pieces, BodyEnd end = BodyEnd::Complete) {
  boost::asio::io_context loop{1};
  testing::ScriptedBody coded;
  coded.pieces = std::move(pieces);
  coded.end = end;
  UnchunkedBody plain(coded);
  return testing::run_task(loop, take_all(plain));
}

TEST(UnchunkedBody, SaysHowItEnded) {
  const Taken whole = unchunked({"5\r\nhel", "lo\r\n", "0\r\n", "x-amz-checksum-crc32:AAAA\r\n\r\n"});
  EXPECT_EQ(whole.bytes, "hello");
  EXPECT_EQ(whole.end, BodyEnd::Complete);
  EXPECT_EQ(unchunked({"5\r\nhel"}).end, BodyEnd::Short);
  EXPECT_EQ(unchunked({"5\r\nhello\r\n"}).end, BodyEnd::Short);
  EXPECT_EQ(unchunked({"5\r\nhel"}, BodyEnd::Late).end, BodyEnd::Late);
  EXPECT_EQ(unchunked({"hello"}).end, BodyEnd::Short);
  EXPECT_EQ(unchunked({"hello\r\n", "0\r\n\r\n"}).end, BodyEnd::Malformed);
}

}  // namespace
}  // namespace aviary
