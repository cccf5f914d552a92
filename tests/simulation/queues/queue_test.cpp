#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/sqs.hpp"
#include "ports/random.hpp"
#include "ports/simulated_time.hpp"
#include "services/lambda/jobs/mapping_engine.hpp"
#include "services/sqs/api/sqs_service.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary {
namespace {

const sqs::QueueId standard{.scope = {.account = "123456789012", .region = "us-east-1"}, .name = "orders"};
const sqs::QueueId fifo{.scope = {.account = "123456789012", .region = "us-east-1"}, .name = "orders.fifo"};

/// SQS as a mapping sees it.
class Source final : public lambda::QueueSource {
 public:
  explicit Source(sqs::SqsService& queues) : queues_(queues) {}
  std::optional<lambda::QueueFacts> find(std::string_view arn) override {
    const sqs::Queue* queue = queues_.find(sqs::parse_queue_arn(arn));
    if (queue == nullptr) return std::nullopt;
    return lambda::QueueFacts{.fifo = queue->settings().fifo,
                              .visibility_timeout = queue->settings().visibility_timeout,
                              .waiting = queue->ready()};
  }
  Task<bool> wait(std::string arn, Instant until) override {
    const sqs::QueueId queue = sqs::parse_queue_arn(arn);
    const bool open = co_await queues_.wait(queue, until);
    co_return open;
  }
  Task<std::vector<lambda::QueueRecord>> receive(std::string arn, std::size_t count) override {
    std::vector<lambda::QueueRecord> records;
    for (sqs::Received& each : queues_.receive(sqs::parse_queue_arn(arn), count))
      records.push_back({.message_id = each.message.id,
                         .receipt_handle = each.receipt_handle,
                         .event = {{"messageId", each.message.id},
                                   {"body", each.message.content.body},
                                   {"group", each.message.content.group}}});
    co_return records;
  }
  Task<> remove(std::string arn, std::vector<std::string> handles) override {
    queues_.remove(sqs::parse_queue_arn(arn), handles);
    co_return;
  }
  Task<> release(std::string arn, std::vector<std::string> handles) override {
    queues_.change_visibility(sqs::parse_queue_arn(arn), handles, 0);
    co_return;
  }

 private:
  sqs::SqsService& queues_;
};

/// A function that takes a while, fails one time in five (half of these in part), and now and then is killed
/// after its work was done or not run at all.
class Function final : public lambda::BatchInvoker {
 public:
  Function(Clock& clock, std::uint64_t seed) : clock_(clock), chance_(seed, "function") {}

  Task<lambda::BatchOutcome> run_batch(lambda::Scope, std::string, std::string payload) override {
    const std::uint64_t fate = chance_.next() % 100;
    const Json event = Json::parse(payload);
    const Instant until = clock_.now() + std::chrono::milliseconds(chance_.next() % 400);
    co_await sleep_until(clock_, until);
    lambda::BatchOutcome outcome;
    ++runs;
    if (fate < 3) {
      outcome.kind = lambda::BatchOutcome::Kind::Throttled;
      co_return outcome;
    }
    std::string failures;
    bool broken = false;
    for (const Json& record : event.at("Records")) {
      const std::string group = record.at("group");
      // What comes after a failure in a FIFO batch fails as well, as AWS tells functions to do it.
      broken = broken || (fate < 13 && chance_.next() % 3 == 0);
      if (broken) {
        failures += (failures.empty() ? "" : ",") + Json{{"itemIdentifier", record.at("messageId")}}.dump();
        continue;
      }
      const int number = std::stoi(record.at("body").get<std::string>());
      const bool again = !seen.insert(number).second;
      if (!group.empty() && !again) {
        in_order = in_order && (!last.contains(group) || last[group] < number);
        last[group] = number;
      }
    }
    if (fate >= 13 && fate < 23) {  // killed after all was done
      outcome.kind = lambda::BatchOutcome::Kind::Failed;
      outcome.problem = "killed";
      co_return outcome;
    }
    outcome.payload = "{\"batchItemFailures\":[" + failures + "]}";
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

struct Ended {
  std::size_t seen = 0;
  std::size_t left = 0;
  bool in_order = false;
  std::uint64_t runs = 0;
  bool operator==(const Ended&) const = default;
};

Ended simulate(std::uint64_t seed, int messages, bool in_groups) {
  boost::asio::io_context loop;
  SimulatedClock clock;
  NoJournal journal;
  SeededRandom ids(seed, "ids");
  SeededRandom chance(seed, "senders");
  sqs::SqsService queues({.clock = clock, .ids = ids, .journal = journal});
  Source source(queues);
  Function function(clock, seed);
  lambda::NoMessenger messenger;
  lambda::MappingEngine engine(clock, loop.get_executor(), journal, function, ids, messenger);
  engine.attach(&source);
  const auto settle = [&] {
    loop.restart();
    loop.poll();
  };
  const sqs::QueueId& queue = in_groups ? fifo : standard;
  Call call{};
  call.operation = models::sqs::service.find_operation("CreateQueue");
  call.account = queue.scope.account;
  call.region = queue.scope.region;
  call.now = clock.now();
  call.input = {{"QueueName", queue.name}, {"Attributes", {{"VisibilityTimeout", "10"}}}};
  if (in_groups) call.input["Attributes"]["FifoQueue"] = "true";
  EXPECT_TRUE(testing::run_task(loop, queues.call(call)));
  lambda::EventSourceMapping mapping;
  mapping.uuid = "m";
  mapping.source = sqs::queue_arn(queue);
  mapping.function = "f";
  mapping.reports_failures = true;
  engine.put(mapping);
  int sent = 0;
  // Two days are far more than it takes.
  const Instant end = clock.now() + std::chrono::hours(48);
  while (clock.now() < end && (sent < messages || queues.find(queue)->size() > 0)) {
    for (int i = 0; i < 100 && sent < messages; ++i, ++sent)
      EXPECT_TRUE(queues.send(queue, {.body = std::to_string(sent),
                                      .sender = queue.scope.account,
                                      .group = in_groups ? std::to_string(chance.next() % 50) : std::string(),
                                      .deduplication_id = in_groups ? std::to_string(sent) : std::string()}));
    clock.advance(std::chrono::milliseconds(200), settle);
    settle();
  }
  const Ended ended{.seen = function.seen.size(),
                    .left = queues.find(queue)->size(),
                    .in_order = function.in_order,
                    .runs = function.runs};
  // Queues end first, as in the real house: every wait ends with them.
  testing::run_task(loop, queues.stop());
  testing::run_task(loop, engine.stop());
  return ended;
}

TEST(Queues, NothingIsLostWhenFunctionsFail) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Ended ended = simulate(seed, 5'000, false);
    EXPECT_EQ(ended.seen, 5'000U) << seed;
    EXPECT_EQ(ended.left, 0U) << seed;
    EXPECT_EQ(simulate(seed, 5'000, false), ended) << "the same seed, another run: " << seed;
  }
}

TEST(Queues, GroupsStayInOrderWhenFunctionsFail) {
  for (const std::uint64_t seed : {4, 5, 6}) {
    const Ended ended = simulate(seed, 5'000, true);
    EXPECT_EQ(ended.seen, 5'000U) << seed;
    EXPECT_EQ(ended.left, 0U) << seed;
    EXPECT_TRUE(ended.in_order) << seed;
  }
}

TEST(Queues, AHundredThousandMessages) {
  const Ended ended = simulate(7, 100'000, false);
  EXPECT_EQ(ended.seen, 100'000U);
  EXPECT_EQ(ended.left, 0U);
}

}  // namespace
}  // namespace aviary
