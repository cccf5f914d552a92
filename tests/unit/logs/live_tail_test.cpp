// StartLiveTail: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
#include "service_fixture.hpp"
#include "wire/body_stream.hpp"

namespace aviary::logs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LiveTailSessions : public ServiceFixture {
 protected:
  void SetUp() override { make("app", "one"); }
  static std::string arn(const std::string& group) {
    return "arn:aws:logs:us-east-1:123456789012:log-group:" + group;
  }
  std::shared_ptr<wire::BodyStream> open(Json more = Json::object()) {
    Json input{{"logGroupIdentifiers", {arn("app")}}};
    input.update(more);
    const Result<Reply> reply = call("StartLiveTail", std::move(input));
    return reply ? reply->stream : nullptr;
  }
  static std::string read(wire::BodyStream& stream) { return stream.take(1 << 24); }
  void second() { stopwatch_.advance(std::chrono::seconds(1)); }
};

TEST_F(LiveTailSessions, BeginWithWhatWasAskedFor) {
  const auto stream = open({{"logEventFilterPattern", "order"}});
  ASSERT_TRUE(stream);
  const std::string begun = read(*stream);
  EXPECT_LT(begun.find("initial-response"), begun.find("sessionStart"));
  EXPECT_THAT(begun, HasSubstr(R"("logEventFilterPattern":"order")"));
}

TEST_F(LiveTailSessions, SendWhatComesOnceASecond) {
  const auto stream = open({{"logEventFilterPattern", "order"}});
  put("app", "one", {"order 1", "no", "order 2"});
  read(*stream);
  second();
  const std::string update = read(*stream);
  EXPECT_THAT(update, HasSubstr(R"("message":"order 1")"));
  EXPECT_THAT(update, HasSubstr(R"("logGroupIdentifier":"123456789012:app")"));
  EXPECT_THAT(update, HasSubstr(R"("sampled":false)"));
  EXPECT_THAT(update, Not(HasSubstr(R"("message":"no")")));
  second();
  EXPECT_THAT(read(*stream), HasSubstr(R"("sessionResults":[])"));
}

TEST_F(LiveTailSessions, LeaveOutWhatTheReaderIsTooSlowFor) {
  const auto stream = open();
  std::vector<std::string> many(6000, "line");
  many.front() = "the oldest";
  put("app", "one", many);
  read(*stream);
  second();
  const std::string update = read(*stream);
  EXPECT_THAT(update, HasSubstr(R"("sampled":true)"));
  EXPECT_THAT(update, Not(HasSubstr("the oldest")));
}

TEST_F(LiveTailSessions, EndAfterThreeHoursOrWithTheirReader) {
  const auto late = open();
  const auto left = open();
  left->close();
  second();
  advance(std::chrono::hours(3));
  second();
  EXPECT_THAT(read(*late), HasSubstr("SessionTimeoutException"));
  EXPECT_TRUE(late->finished());
  EXPECT_EQ(stopwatch_.pending(), 0U) << "nobody watches: nothing ticks";
}

TEST_F(LiveTailSessions, EndWithTheServer) {
  const auto stream = open();
  start();
  read(*stream);
  EXPECT_TRUE(stream->finished());
}

TEST_F(LiveTailSessions, Refuse) {
  EXPECT_EQ(refusal("StartLiveTail", {{"logGroupIdentifiers", {"app"}}}).code, "InvalidParameterException");
  EXPECT_EQ(refusal("StartLiveTail", {{"logGroupIdentifiers", {arn("none")}}}).code,
            "ResourceNotFoundException");
  EXPECT_EQ(refusal("StartLiveTail",
                    {{"logGroupIdentifiers", {arn("app"), arn("app")}}, {"logStreamNames", {"one"}}})
                .code,
            "InvalidParameterException");
  EXPECT_EQ(
      refusal("StartLiveTail", {{"logGroupIdentifiers", {arn("app")}}, {"logEventFilterPattern", "{"}}).code,
      "InvalidParameterException");
}

}  // namespace
}  // namespace aviary::logs
