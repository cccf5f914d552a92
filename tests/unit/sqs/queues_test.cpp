#include <map>
#include <set>

#include "models/sqs.hpp"
#include "unit/sqs/service_fixture.hpp"

namespace aviary::sqs {
namespace {

using Strings = std::vector<std::string>;

TEST_F(Sqs, EveryOperationIsThere) {
  EXPECT_EQ(SqsService::implemented_operations().size(), models::sqs::service.operations.size());
}

TEST_F(Sqs, AWaitEndsWithTheMessageThatADelayHeldBack) {
  ok("CreateQueue", {{"QueueName", "q"}, {"Attributes", {{"DelaySeconds", "5"}}}});
  ok("SendMessage", {{"QueueUrl", url("q")}, {"MessageBody", "late"}});
  EXPECT_EQ(bodies("q"), Strings{});
  bool open = false;
  bool done = false;
  boost::asio::co_spawn(loop, service->wait(id("q"), clock.now() + std::chrono::seconds(20)),
                        [&](const std::exception_ptr&, bool value) {
                          done = true;
                          open = value;
                        });
  loop.restart();
  loop.poll();
  EXPECT_FALSE(done);
  advance(5);
  loop.restart();
  loop.poll();
  EXPECT_TRUE(done);
  EXPECT_TRUE(open);
  EXPECT_EQ(bodies("q"), Strings{"late"});
}

TEST_F(Sqs, StopEndsEveryWait) {
  ok("CreateQueue", {{"QueueName", "q"}});
  bool open = true;
  boost::asio::co_spawn(loop, service->wait(id("q"), clock.now() + std::chrono::hours(1)),
                        [&](const std::exception_ptr&, bool value) { open = value; });
  loop.restart();
  loop.poll();
  testing::run_task(loop, service->stop());
  EXPECT_FALSE(open);
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(Sqs, ADeadLetterQueueThatIsGoneLosesNothing) {
  ok("CreateQueue", {{"QueueName", "dead"}});
  ok("CreateQueue",
     {{"QueueName", "q"},
      {"Attributes",
       {{"VisibilityTimeout", "1"},
        {"RedrivePolicy",
         R"({"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":1})"}}}});
  ok("SendMessage", {{"QueueUrl", url("q")}, {"MessageBody", "m"}});
  ok("DeleteQueue", {{"QueueUrl", url("dead")}});
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(bodies("q"), Strings{"m"});
    advance(1);
  }
}

TEST_F(Sqs, OtherQueuesHandlesAreRefused) {
  ok("CreateQueue", {{"QueueName", "a"}});
  ok("CreateQueue", {{"QueueName", "b"}});
  ok("SendMessage", {{"QueueUrl", url("a")}, {"MessageBody", "m"}});
  const std::string handle = ok("ReceiveMessage", {{"QueueUrl", url("a")}})["Messages"][0]["ReceiptHandle"];
  EXPECT_EQ(error("DeleteMessage", {{"QueueUrl", url("b")}, {"ReceiptHandle", handle}}),
            "The input receipt handle \"" + handle + "\" is not a valid receipt handle.");
}

TEST_F(Sqs, ANewDelayHoldsForWhatWaitsInAFifoQueue) {
  ok("CreateQueue",
     {{"QueueName", "q.fifo"}, {"Attributes", {{"FifoQueue", "true"}, {"DelaySeconds", "100"}}}});
  ok("SendMessage", {{"QueueUrl", url("q.fifo")},
                     {"MessageBody", "m"},
                     {"MessageGroupId", "g"},
                     {"MessageDeduplicationId", "d"}});
  ok("SetQueueAttributes", {{"QueueUrl", url("q.fifo")}, {"Attributes", {{"DelaySeconds", "3"}}}});
  EXPECT_EQ(bodies("q.fifo"), Strings{});
  advance(3);
  EXPECT_EQ(bodies("q.fifo"), Strings{"m"});
}

TEST_F(Sqs, ARestartKeepsWhatWasThere) {
  ok("CreateQueue",
     {{"QueueName", "q"}, {"tags", {{"k", "v"}}}, {"Attributes", {{"VisibilityTimeout", "50"}}}});
  for (const char* body : {"1", "2", "3"}) ok("SendMessage", {{"QueueUrl", url("q")}, {"MessageBody", body}});
  EXPECT_EQ(bodies("q", 1), Strings{"1"});
  start();
  EXPECT_EQ(bodies("q"), (Strings{"2", "3"}));
  advance(50);
  EXPECT_EQ(bodies("q"), (Strings{"1", "2", "3"}));
  EXPECT_EQ(ok("ListQueueTags", {{"QueueUrl", url("q")}})["Tags"]["k"], "v");
  ok("PurgeQueue", {{"QueueUrl", url("q")}});
  ok("DeleteQueue", {{"QueueUrl", url("q")}});
  EXPECT_EQ(journal.records(), 0U);
}

// Whatever consumers do, every message of a FIFO queue is seen in the order of its group, and all are seen.
TEST_F(Sqs, FifoGroupsStayInOrderUnderFailingConsumers) {
  SeededRandom chance(11, "consumers");
  ok("CreateQueue",
     {{"QueueName", "q.fifo"}, {"Attributes", {{"FifoQueue", "true"}, {"VisibilityTimeout", "3"}}}});
  constexpr int messages = 3000;
  for (int i = 0; i < messages; ++i)
    ASSERT_TRUE(service->send(id("q.fifo"), {.body = std::to_string(i),
                                             .sender = "123456789012",
                                             .group = std::to_string(chance.next() % 7),
                                             .deduplication_id = std::to_string(i)}));
  std::map<std::string, int> last;
  std::set<int> done;
  for (int round = 0; round < 100'000 && done.size() < messages; ++round) {
    const std::vector<Received> batch = service->receive(id("q.fifo"), 1 + chance.next() % 10);
    std::set<std::string> broken;  // groups of which one failed: what comes after must not be done
    Strings handles;
    for (const Received& each : batch) {
      const std::string& group = each.message.content.group;
      if (broken.contains(group) || chance.next() % 5 == 0) {
        broken.insert(group);
        continue;
      }
      const int number = std::stoi(each.message.content.body);
      const auto before = last.find(group);
      ASSERT_TRUE(before == last.end() || before->second < number) << group;
      last[group] = number;
      ASSERT_TRUE(done.insert(number).second);
      handles.push_back(each.receipt_handle);
    }
    service->remove(id("q.fifo"), handles);
    if (batch.empty() || chance.next() % 4 == 0) advance(1);
  }
  EXPECT_EQ(done.size(), static_cast<std::size_t>(messages));
  EXPECT_EQ(service->find(id("q.fifo"))->size(), 0U);
}

}  // namespace
}  // namespace aviary::sqs
