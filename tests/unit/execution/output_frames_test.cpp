#include "execution/output_frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// Framed records in what a process writes. The form: awslambdaric, FramedTelemetryLogSink.
namespace aviary::execution {
namespace {

struct Received final : OutputFrames::Receiver {
  void on_text(std::string_view bytes) override { text += bytes; }
  void on_record(std::string_view record) override { records.emplace_back(record); }
  std::string text;
  std::vector<std::string> records;
};

std::string framed(std::string_view text, char kind = '\x03') {
  std::string frame("\xa5\x5a\0", 3);
  frame += kind;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(text.size() >> shift & 0xff);
  frame += std::string("\0\5\xd1\x23\x45\x67\x89\xab", 8);
  return frame.append(text);
}

Received taken_in_pieces(std::string_view bytes, std::size_t piece) {
  Received received;
  OutputFrames frames;
  for (std::size_t at = 0; at < bytes.size(); at += piece) frames.take(bytes.substr(at, piece), received);
  frames.end(received);
  return received;
}

TEST(OutputFrames, AreToldFromTextHoweverTheyArrive) {
  const std::string all = "before\n" + framed("one\ntwo\n") + "between" + framed("{}", '\x0e') + "\nafter";
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    const Received received = taken_in_pieces(all, piece);
    EXPECT_EQ(received.text, "before\nbetween\nafter") << piece;
    EXPECT_EQ(received.records, (std::vector<std::string>{"one\ntwo\n", "{}"})) << piece;
  }
}

TEST(OutputFrames, TextThatOnlyBeginsAlikeStaysText) {
  const std::string yen = "5 \xc2\xa5Z and \xa5\x5a\x01 and \xa5";
  for (std::size_t piece = 1; piece <= yen.size(); ++piece) EXPECT_EQ(taken_in_pieces(yen, piece).text, yen);
  const std::string unknown = framed("x", '\x21') + framed("x", '\x01');
  EXPECT_EQ(taken_in_pieces(unknown, 7).text, unknown);
}

TEST(OutputFrames, ALengthBeyondAllMeasureIsNoFrame) {
  const std::string huge("\xa5\x5a\0\x03\x7f\xff\xff\xff and more", 17);
  const Received received = taken_in_pieces(huge, 3);
  EXPECT_EQ(received.text, huge);
  EXPECT_TRUE(received.records.empty());
}

TEST(OutputFrames, OneThatItsWriterLeftUnfinishedIsNotLost) {
  const std::string cut = framed("last words").substr(0, 20);
  EXPECT_EQ(taken_in_pieces(cut, 4).records, (std::vector<std::string>{"last"}));
  const std::string head = framed("x").substr(0, 9);
  EXPECT_EQ(taken_in_pieces(head, 4).text, head);
}

TEST(OutputFrames, AnEmptyRecordIsOne) { EXPECT_EQ(taken_in_pieces(framed(""), 5).records.size(), 1U); }

}  // namespace
}  // namespace aviary::execution
