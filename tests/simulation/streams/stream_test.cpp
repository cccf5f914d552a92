#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/mapped_streams.hpp"
#include "base/encoding.hpp"
#include "models/kinesis.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "services/lambda/jobs/mapping_engine.hpp"
#include "support/memory_journal.hpp"

namespace aviary {
namespace {

const kinesis::StreamId clicks{.scope = {.account = "123456789012", .region = "us-east-1"}, .name = "clicks"};

/// A function that takes a while, fails one time in five (half of these in part), is throttled now and then,
/// or is killed after its work was done.
class StreamFunction final : public lambda::BatchInvoker {
 public:
  StreamFunction(Clock& clock, std::uint64_t seed) : clock_(clock), chance_(seed, "function") {}

  Task<lambda::BatchOutcome> run_batch(lambda::Scope, std::string, std::string payload) override {
    const std::uint64_t fate = chance_.next() % 100;
    const Json event = Json::parse(payload);
    const Instant until = clock_.now() + std::chrono::milliseconds(chance_.next() % 200);
    co_await sleep_until(clock_, until);
    lambda::BatchOutcome outcome;
    ++runs;
    if (fate < 3) {
      outcome.kind = lambda::BatchOutcome::Kind::Throttled;
      co_return outcome;
    }
    for (const Json& record : event.at("Records")) {
      const Json& kinesis = record.at("kinesis");
      if (fate < 13 && chance_.next() % 3 == 0) {
        Json answer;
        answer["batchItemFailures"].push_back({{"itemIdentifier", kinesis.at("sequenceNumber")}});
        outcome.payload = answer.dump();
        co_return outcome;
      }
      const int number = std::stoi(base64_decode(kinesis.at("data").get<std::string>()).value_or("-1"));
      const std::string key = kinesis.at("partitionKey");
      if (!seen.insert(number).second) continue;
      in_order = in_order && (!last.contains(key) || last[key] < number);
      last[key] = number;
    }
    if (fate >= 13 && fate < 23) {
      outcome.kind = lambda::BatchOutcome::Kind::Failed;
      outcome.problem = "killed";
    }
    co_return outcome;
  }

  std::set<int> seen;
  std::map<std::string, int> last;
  bool in_order = true;
  std::uint64_t runs = 0;

 private:
  Clock& clock_;
  SeededRandom chance_;
};

/// Both services' sides on one journal, so that they can be taken down and up again.
struct House {
  House(Clock& clock, boost::asio::io_context& loop, Journal& journal, Random& ids,
        lambda::BatchInvoker& function)
      : streams({.clock = clock, .ids = ids, .journal = journal}),
        source(streams),
        engine(clock, loop.get_executor(), journal, function, ids, messenger) {
    engine.attach(&source);
    streams.restore();
    engine.restore();
  }
  /// Also while functions run, which time would have to pass for.
  void stop(boost::asio::io_context& loop) {
    bool ended = false;
    boost::asio::co_spawn(loop, streams.stop(), [](const std::exception_ptr&) {});
    boost::asio::co_spawn(loop, engine.stop(), [&](const std::exception_ptr&) { ended = true; });
    loop.restart();
    loop.poll();
    EXPECT_TRUE(ended);
  }
  kinesis::KinesisService streams;
  app::MappedStreams source;
  lambda::NoMessenger messenger;
  lambda::MappingEngine engine;
};

struct StreamEnded {
  std::size_t seen = 0;
  bool in_order = false;
  std::uint64_t runs = 0;
  Json left;
  bool operator==(const StreamEnded&) const = default;
};

StreamEnded simulate_stream(std::uint64_t seed, int records, int parallel) {
  boost::asio::io_context loop;
  SimulatedClock clock;
  testing::MemoryJournal journal;
  SeededRandom ids(seed, "ids");
  SeededRandom chance(seed, "producers");
  StreamFunction function(clock, seed);
  auto house = std::make_unique<House>(clock, loop, journal, ids, function);
  const auto settle = [&] {
    loop.restart();
    loop.poll();
  };
  const auto call = [&](const char* operation, Json input) {
    Call made{};
    made.operation = models::kinesis::service.find_operation(operation);
    made.account = clicks.scope.account;
    made.region = clicks.scope.region;
    made.now = clock.now();
    made.input = std::move(input);
    made.input["StreamName"] = clicks.name;
    bool good = false;
    boost::asio::co_spawn(
        loop, house->streams.call(std::move(made)),
        [&](const std::exception_ptr&, const Result<Reply>& reply) { good = reply.has_value(); });
    settle();
    EXPECT_TRUE(good) << operation;
  };
  call("CreateStream", {{"ShardCount", 4}});
  lambda::EventSourceMapping mapping;
  mapping.uuid = "m";
  mapping.source = kinesis::stream_arn(clicks);
  mapping.function = "f";
  mapping.starting_position = "TRIM_HORIZON";
  mapping.batch_size = 20;
  mapping.parallelization = parallel;
  mapping.reports_failures = true;
  house->engine.put(mapping);
  const Instant end = clock.now() + std::chrono::hours(20);
  std::size_t open = 4;
  int sent = 0;
  for (int turn = 0; clock.now() < end && function.seen.size() < static_cast<std::size_t>(records); ++turn) {
    for (int i = 0; i < 50 && sent < records; ++i, ++sent)
      EXPECT_TRUE(house->streams.put(clicks, {.partition_key = "key" + std::to_string(chance.next() % 60),
                                              .data = std::to_string(sent)}));
    if (sent < records && turn % 15 == 7) {
      const std::size_t target = 2 + chance.next() % 7;
      open = std::clamp(target, (open + 1) / 2, open * 2);
      call("UpdateShardCount", {{"TargetShardCount", open}, {"ScalingType", "UNIFORM_SCALING"}});
    }
    if (turn % 40 == 25) {
      // Everything goes down in the midst of it, and comes up again.
      house->stop(loop);
      house = std::make_unique<House>(clock, loop, journal, ids, function);
    }
    clock.advance(std::chrono::milliseconds(200), settle);
    settle();
  }
  const StreamEnded ended{.seen = function.seen.size(),
                          .in_order = function.in_order,
                          .runs = function.runs,
                          .left = house->engine.report(clock.now())};
  house->stop(loop);
  return ended;
}

TEST(Streams, NothingIsLostAndKeysStayInOrder) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const int parallel = seed % 2 == 0 ? 1 : 3;
    const StreamEnded ended = simulate_stream(seed, 4'000, parallel);
    EXPECT_EQ(ended.seen, 4'000U) << seed << " " << ended.left.dump();
    EXPECT_TRUE(ended.in_order) << seed;
  }
}

TEST(Streams, TheSameSeedGivesTheSameRun) {
  EXPECT_EQ(simulate_stream(9, 1'500, 4), simulate_stream(9, 1'500, 4));
}

}  // namespace
}  // namespace aviary
