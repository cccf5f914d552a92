#include "wire/event_stream.hpp"

#include <gtest/gtest.h>

namespace aviary::wire {
namespace {

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// The vectors of the smithy specification's reference implementations (empty message, payload without
// headers).
TEST(EventStream, KnownMessages) {
  EXPECT_EQ(hex_of(event_message({}, "")), "000000100000000005c248eb7d98c8ff");
  EXPECT_EQ(hex_of(event_message({}, "{'foo':'bar'}")),
            "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
}

TEST(EventStream, AnEventSaysWhatItIs) {
  const std::string message = event_message("PayloadChunk", "application/octet-stream", "hello");
  EXPECT_EQ(message.size(), 16 + (1 + 11 + 3 + 12) + (1 + 13 + 3 + 24) + (1 + 13 + 3 + 5) + 5);
  EXPECT_NE(message.find(std::string_view("\x0b:event-type\x07\x00\x0cPayloadChunk", 27)), std::string::npos);
  EXPECT_NE(message.find("hello"), std::string::npos);
}

}  // namespace
}  // namespace aviary::wire
