#include "host/kafka_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#ifdef AVIARY_KAFKA

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <boost/asio/io_context.hpp>
#include <functional>

#include "host/kafka_properties.hpp"
#include "host/worker_threads.hpp"

namespace aviary::host {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// librdkafka's own cluster of one broker, on a loopback port, with a topic of two partitions.
class KafkaClientTest : public ::testing::Test {
 protected:
  KafkaClientTest() {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof why);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    rd_kafka_mock_topic_create(cluster(), "orders", 2, 1);
    rd_kafka_mock_topic_create(cluster(), "failed", 1, 1);
  }
  ~KafkaClientTest() override {
    consumer_.reset();
    workers_.reset();  // leaves the group
    io_.poll();
    rd_kafka_destroy(producer_);
  }

  rd_kafka_mock_cluster_t* cluster() const { return rd_kafka_handle_mock_cluster(producer_); }

  void produce(int partition, const std::string& key, const std::string& value) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "trace", -1, "\xc3\xab", 2);
    rd_kafka_vu_t parts[5];
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = "orders";
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = partition;
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {const_cast<char*>(key.data()), key.size()};
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {const_cast<char*>(value.data()), value.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers;
    rd_kafka_error_t* error = rd_kafka_produceva(producer_, parts, 5);
    ASSERT_EQ(error, nullptr);
    rd_kafka_flush(producer_, 10'000);
  }

  KafkaConnection connection() const {
    KafkaConnection to;
    to.servers = {rd_kafka_mock_cluster_bootstraps(cluster())};
    to.topic = "orders";
    to.group = "readers";
    return to;
  }

  /// What the group has committed of partition 0, as another client sees it.
  std::int64_t committed() const {
    char why[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster()), why,
                      sizeof why);
    rd_kafka_conf_set(conf, "group.id", "readers", why, sizeof why);
    rd_kafka_t* other = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "orders", 0);
    rd_kafka_committed(other, list, 5000);
    const std::int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(other);
    return offset;
  }

  void open(KafkaConnection to) {
    std::string problem;
    consumer_ = client_.open(
        std::move(to), [this] { ++news_; }, problem);
    ASSERT_TRUE(consumer_) << problem;
  }

  void run_until(const std::function<bool()>& done) {
    for (int turn = 0; turn < 1500 && !done(); ++turn) {
      io_.restart();
      io_.run_for(10ms);
    }
    EXPECT_TRUE(done()) << (consumer_ ? consumer_->problem() : "");
  }

  /// Takes until there are as many, driven by the news alone.
  std::vector<KafkaRecord> read(std::size_t count) {
    std::vector<KafkaRecord> records = consumer_->take(count);
    run_until([&] {
      if (records.size() >= count) return true;
      if (std::exchange(news_, 0) == 0) return false;
      for (KafkaRecord& each : consumer_->take(count - records.size())) records.push_back(std::move(each));
      return records.size() >= count;
    });
    return records;
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<WorkerThreads> workers_ = std::make_unique<WorkerThreads>(io_.get_executor());
  KafkaClient client_{io_.get_executor(), *workers_, {}};
  rd_kafka_t* producer_ = nullptr;
  std::unique_ptr<KafkaConsumer> consumer_;
  int news_ = 0;
};

TEST_F(KafkaClientTest, ReadsFromTheBeginningAndCommits) {
  produce(0, "k", "one");
  produce(0, "", "two");
  open(connection());
  const std::vector<KafkaRecord> records = read(2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].partition, 0);
  EXPECT_EQ(records[0].offset, 0);
  EXPECT_EQ(records[0].key, "k");
  EXPECT_EQ(records[0].value, "one");
  EXPECT_TRUE(records[0].has_timestamp);
  EXPECT_GT(records[0].timestamp, 1'600'000'000'000);
  EXPECT_THAT(records[0].headers, ElementsAre(Pair("trace", "\xc3\xab")));
  EXPECT_EQ(records[1].value, "two");
  EXPECT_EQ(consumer_->problem(), "");
  consumer_->commit(0, 1);
  run_until([&] { return committed() == 1; });
  EXPECT_EQ(consumer_->lag(), 1u);
}

TEST_F(KafkaClientTest, ReadsWhatComesAfterAMomentThatIsStillToCome) {
  produce(0, "", "old");
  KafkaConnection to = connection();
  to.start = KafkaConnection::Start::AtTime;
  to.start_timestamp = 4'000'000'000'000;
  open(to);
  // Nobody can see from outside when the partitions are there.
  std::vector<KafkaRecord> records;
  run_until([&] {
    if (!records.empty()) return true;
    produce(1, "", "new");
    records = consumer_->take(10);
    return !records.empty();
  });
  ASSERT_FALSE(records.empty());
  EXPECT_EQ(records[0].value, "new");
}

TEST_F(KafkaClientTest, WritesToATopicOfTheSameCluster) {
  open(connection());
  std::optional<std::optional<std::string>> written;
  consumer_->write("failed", "k", "lost",
                   [&](std::optional<std::string> problem) { written = std::move(problem); });
  run_until([&] {
    if (std::exchange(news_, 0) > 0) (void)consumer_->take(1);
    return written.has_value();
  });
  EXPECT_EQ(*written, std::nullopt);
}

TEST_F(KafkaClientTest, SaysWhyNothingComes) {
  KafkaConnection to = connection();
  to.servers = {"127.0.0.1:1"};
  open(to);
  run_until([&] {
    if (std::exchange(news_, 0) > 0) {
      EXPECT_THAT(consumer_->take(1), IsEmpty());
    }
    return !consumer_->problem().empty();
  });
  EXPECT_THAT(consumer_->problem(), HasSubstr("brokers are down"));
}

TEST_F(KafkaClientTest, RefusesWhatIsNoCertificate) {
  KafkaConnection to = connection();
  to.secure = true;
  to.ca = "not PEM";
  std::string problem;
  EXPECT_EQ(client_.open(
                to, [] {}, problem),
            nullptr);
  EXPECT_THAT(problem, HasSubstr("ssl.ca"));
}

TEST(KafkaProperties, SayHowToConnect) {
  using ::testing::Contains;
  using ::testing::Key;
  using ::testing::Not;
  KafkaConnection to;
  to.servers = {"a:1", "b:2"};
  KafkaProperties plain = client_properties(to, "/bundle");
  EXPECT_THAT(plain, Contains(Pair("bootstrap.servers", "a:1,b:2")));
  EXPECT_THAT(plain, Contains(Pair("security.protocol", "plaintext")));
  EXPECT_THAT(plain, Not(Contains(Key("ssl.ca.location"))));
  to.secure = true;
  to.mechanism = "SCRAM-SHA-512";
  to.username = "me";
  KafkaProperties scram = client_properties(to, "/bundle");
  EXPECT_THAT(scram, Contains(Pair("security.protocol", "sasl_ssl")));
  EXPECT_THAT(scram, Contains(Pair("sasl.mechanisms", "SCRAM-SHA-512")));
  EXPECT_THAT(scram, Contains(Pair("ssl.ca.location", "/bundle")));
  to.mechanism.clear();
  to.ca = "CA";
  to.certificate = "C";
  to.key = "K";
  KafkaProperties mutual = client_properties(to, "");
  EXPECT_THAT(mutual, Contains(Pair("security.protocol", "ssl")));
  EXPECT_THAT(mutual, Contains(Pair("ssl.ca.pem", "CA")));
  EXPECT_THAT(mutual, Contains(Pair("ssl.certificate.pem", "C")));
  EXPECT_THAT(mutual, Contains(Pair("ssl.key.pem", "K")));
}

}  // namespace
}  // namespace aviary::host

#endif
