#include "http/response_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aviary::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string head_of(const wire::Response& response, Framing framing = {}) {
  std::string out;
  append_head(out, response, framing);
  return out;
}

TEST(ResponseHead, IsWhatWasSetAndTheLength) {
  wire::Response response;
  response.status = 201;
  response.set("Content-Type", "application/json");
  response.body = "{}";
  EXPECT_EQ(head_of(response),
            "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

TEST(ResponseHead, FramingHeadersAreTheConnections) {
  wire::Response response;
  response.set("content-length", "999");
  response.set("Transfer-Encoding", "chunked");
  response.set("Connection", "close");
  response.body = "four";
  EXPECT_EQ(head_of(response), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  EXPECT_TRUE(asks_to_close(response));
}

TEST(ResponseHead, ADateThatIsThereStays) {
  wire::Response response;
  response.set("date", "then");
  EXPECT_THAT(head_of(response, {.date = "now"}), Not(HasSubstr("now")));
  EXPECT_THAT(head_of({}, {.date = "now"}), HasSubstr("Date: now\r\n"));
}

TEST(ResponseHead, LineBreaksCannotSmuggleHeaders) {
  wire::Response response;
  response.set("X-A", std::string("1\r\nX-Evil: 2\0", 13));
  response.set("X-B: y\r\nX-Worse", "3");
  response.set("", "nameless");
  EXPECT_EQ(head_of(response), "HTTP/1.1 200 OK\r\nX-A: 1  X-Evil: 2 \r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHead, NoContentHasNoLength) {
  wire::Response response;
  response.status = 204;
  EXPECT_EQ(head_of(response), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ResponseHead, AStatusWithoutANameIsStillAnAnswer) {
  wire::Response response;
  response.status = 599;
  EXPECT_THAT(head_of(response), ::testing::StartsWith("HTTP/1.1 599 "));
}

TEST(ResponseHead, AnAnswerToHeadMaySayTheLengthOfWhatItDoesNotCarry) {
  wire::Response response;
  response.set("Content-Length", "1234");
  EXPECT_EQ(head_of(response, {.head = true}), "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
}

}  // namespace
}  // namespace aviary::http
