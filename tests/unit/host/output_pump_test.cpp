#include "host/output_pump.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <string>

namespace aviary::host {
namespace {

class OutputPumpTest : public ::testing::Test {
 protected:
  OutputPumpTest() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    writing_ = ends[1];
    pump_ = OutputPump::start(
        loop_.get_executor(), ends[0],
        [this](std::string_view bytes) {
          said_ += bytes;
          ++reads_;
        },
        [this] { ended_ = true; });
  }
  ~OutputPumpTest() override {
    if (writing_ >= 0) ::close(writing_);
  }
  void write(const std::string& text) {
    ASSERT_EQ(::write(writing_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  boost::asio::io_context loop_{1};
  int writing_ = -1;
  std::string said_;
  int reads_ = 0;
  bool ended_ = false;
  std::shared_ptr<OutputPump> pump_;
};

TEST_F(OutputPumpTest, HandsOverAtOnceWhatIsThere) {
  write("one\n");
  write("two\n");
  EXPECT_EQ(said_, "");
  pump_->collect();
  EXPECT_EQ(said_, "one\ntwo\n");
  pump_->collect();
  EXPECT_EQ(said_, "one\ntwo\n");
}

TEST_F(OutputPumpTest, GoesOnAfterwards) {
  write("one\n");
  pump_->collect();
  write("two\n");
  loop_.poll();
  EXPECT_EQ(said_, "one\ntwo\n");
  ::close(std::exchange(writing_, -1));
  pump_->collect();
  EXPECT_FALSE(ended_) << "that is told by the loop";
  loop_.restart();
  loop_.poll();
  EXPECT_TRUE(ended_);
  pump_->collect();
}

TEST_F(OutputPumpTest, ReadsWhatIsWrittenWithoutPauseManyLinesAtATime) {
  std::string written;
  for (int i = 0; i < 400; ++i) {
    const std::string line = std::to_string(i) + "\n";
    write(line);
    written += line;
    loop_.restart();
    loop_.poll();
  }
  loop_.restart();
  loop_.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(said_, written);
  EXPECT_LT(reads_, 200) << "each line by itself would be 400";
}

}  // namespace
}  // namespace aviary::host
