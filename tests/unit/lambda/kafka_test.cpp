#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <deque>

#include "base/encoding.hpp"
#include "services/lambda/api/event_source_mappings.hpp"
#include "unit/lambda/service_fixture.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

/// One topic, read by whoever opens it; what was committed stays, as in a group.
class FakeKafka final : public Kafka {
 public:
  std::unique_ptr<KafkaConsumer> open(KafkaConnection connection, std::function<void()> on_news,
                                      std::string& problem) override;

  void produce(std::int32_t partition, std::string value, std::string key = {}) {
    KafkaRecord record{.partition = partition,
                       .offset = next[partition]++,
                       .timestamp = 1'705'314'600'123,
                       .has_timestamp = true};
    record.value = std::move(value);
    if (!key.empty()) record.key = std::move(key);
    log.push_back(std::move(record));
    if (news) news();
  }

  std::deque<KafkaRecord> log;
  std::map<std::int32_t, std::int64_t> next, committed;
  std::vector<KafkaConnection> connections;
  std::vector<std::pair<std::string, std::string>> written;
  std::function<void()> news;
  std::string trouble;
  int open_consumers = 0;
};

class FakeConsumer final : public KafkaConsumer {
 public:
  explicit FakeConsumer(FakeKafka& kafka) : kafka_(kafka), position_(kafka.committed) {
    ++kafka_.open_consumers;
  }
  ~FakeConsumer() override {
    --kafka_.open_consumers;
    kafka_.news = nullptr;
  }
  std::vector<KafkaRecord> take(std::size_t count) override {
    std::vector<KafkaRecord> records;
    for (const KafkaRecord& each : kafka_.log) {
      if (records.size() == count) break;
      if (each.offset < position_[each.partition]) continue;
      records.push_back(each);
      position_[each.partition] = each.offset + 1;
    }
    return records;
  }
  void commit(std::int32_t partition, std::int64_t offset) override { kafka_.committed[partition] = offset; }
  void write(std::string topic, std::optional<std::string> key, std::string value, Written written) override {
    kafka_.written.emplace_back(topic + "/" + key.value_or("-"), std::move(value));
    written(std::nullopt);
  }
  const std::string& problem() const override { return kafka_.trouble; }
  std::uint64_t lag() const override { return 3; }

 private:
  FakeKafka& kafka_;
  std::map<std::int32_t, std::int64_t> position_;
};

std::unique_ptr<KafkaConsumer> FakeKafka::open(KafkaConnection connection, std::function<void()> on_news,
                                               std::string& problem) {
  connections.push_back(std::move(connection));
  if (!trouble.empty()) {
    problem = trouble;
    return nullptr;
  }
  news = std::move(on_news);
  return std::make_unique<FakeConsumer>(*this);
}

class FakeSecrets final : public SecretSource {
 public:
  Secret secret(const Scope&, const std::string& id) override {
    const auto found = texts.find(id);
    if (found == texts.end()) return {.problem = "Secrets Manager can't find the specified secret"};
    return {.text = found->second};
  }
  std::map<std::string, std::string> texts;
};

const std::string cluster =
    "arn:aws:kafka:us-east-1:123456789012:cluster/demo/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5";
const std::string secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:Kafka-AbCdEf";

/// Outlive the service, whose pollers end with it.
struct KafkaParts {
  FakeKafka kafka_;
  FakeSecrets secrets_;
};

class KafkaMapping : protected KafkaParts, public ServiceFixture {
 protected:
  KafkaMapping() {
    tie();
    publish("f", 1);
  }
  // Pollers live on, so the loop is never out of work: it is polled.
  void settle() {
    loop_.restart();
    loop_.poll();
  }
  Result<Reply> call(std::string_view operation, Json input) {
    wire::Request http;
    Call call{.operation = service_->model().find_operation(operation),
              .account = "123456789012",
              .region = "us-east-1",
              .request_id = ids_.uuid(),
              .now = clock_.now(),
              .input = std::move(input),
              .payload = {},
              .http = &http,
              .base_url = "http://127.0.0.1:4566"};
    std::optional<Result<Reply>> reply;
    boost::asio::co_spawn(loop_, service_->call(std::move(call)),
                          [&reply](const std::exception_ptr&, Result<Reply> got) { reply = std::move(got); });
    settle();
    return std::move(*reply);
  }
  Json answer(std::string_view operation, Json input) {
    Result<Reply> reply = call(operation, std::move(input));
    if (reply) return std::move(reply->output);
    ADD_FAILURE() << operation << " was refused: " << reply.error().message;
    return Json::object();
  }
  Refusal refusal(std::string_view operation, Json input) {
    const Result<Reply> reply = call(operation, std::move(input));
    if (reply) return {"none", 0, reply->output.dump()};
    return {std::string(reply.error().shape->code), reply.error().shape->status, reply.error().message};
  }
  void tie() {
    service_->mappings().engine().attach(
        KafkaTies{.kafka = &kafka_, .secrets = &secrets_, .brokers = {"b-1:9092"}});
  }

  static Json self_managed(Json more = Json::object()) {
    Json input{{"FunctionName", "f"},
               {"SelfManagedEventSource",
                {{"Endpoints", {{"KAFKA_BOOTSTRAP_SERVERS", {"kafka:9092", "two:9092"}}}}}},
               {"SourceAccessConfigurations", {{{"Type", "VPC_SUBNET"}, {"URI", "subnet:subnet-1"}}}},
               {"Topics", {"orders"}}};
    input.update(more);
    return input;
  }
  static Json msk(Json more = Json::object()) {
    Json input{{"FunctionName", "f"},
               {"EventSourceArn", cluster},
               {"Topics", {"orders"}},
               {"StartingPosition", "LATEST"}};
    input.update(more);
    return input;
  }
  Json create(Json input) {
    Json reply = answer("CreateEventSourceMapping", std::move(input));
    settle();
    return reply;
  }
  void pass(Duration time) {
    for (Duration step = 100ms; time > Duration(0); time -= step) {
      clock_.advance(step);
      settle();
    }
  }
  std::vector<Json> events() const {
    std::vector<Json> events;
    for (const Invocation& run : runner_.runs) events.push_back(Json::parse(run.payload));
    return events;
  }
  /// As `orders-0:0`, of each invoke's records.
  std::vector<std::vector<std::string>> batches() const {
    std::vector<std::vector<std::string>> batches;
    for (const Json& event : events()) {
      batches.emplace_back();
      for (const auto& [place, list] : event["records"].items())
        for (const Json& record : list) batches.back().push_back(place + ":" + record["offset"].dump());
    }
    return batches;
  }
  void fail_always() {
    runner_.answer = [](const Invocation&) {
      return Outcome{.payload = "{}", .function_error = "Unhandled"};
    };
  }
};

TEST_F(KafkaMapping, IsShownAsAwsShowsIt) {
  const Json made = create(self_managed());
  EXPECT_EQ(made["State"], "Creating");
  EXPECT_FALSE(made.contains("EventSourceArn"));
  EXPECT_FALSE(made.contains("MaximumBatchingWindowInSeconds"));
  EXPECT_EQ(made["BatchSize"], 100);
  EXPECT_EQ(made["StartingPosition"], "TRIM_HORIZON");
  EXPECT_EQ(made["Topics"], Json({"orders"}));
  EXPECT_EQ(made["SelfManagedEventSource"]["Endpoints"]["KAFKA_BOOTSTRAP_SERVERS"],
            Json({"kafka:9092", "two:9092"}));
  EXPECT_EQ(made["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"], made["UUID"]);
  EXPECT_EQ(made["SourceAccessConfigurations"][0]["URI"], "subnet:subnet-1");
  EXPECT_EQ(made["StateTransitionReason"], "USER_INITIATED");
  const Json got = answer("GetEventSourceMapping", {{"UUID", made["UUID"]}});
  EXPECT_EQ(got["State"], "Enabled");
  ASSERT_THAT(kafka_.connections, SizeIs(1));
  EXPECT_THAT(kafka_.connections[0].servers, ElementsAre("kafka:9092", "two:9092"));
  EXPECT_EQ(kafka_.connections[0].group, made["UUID"]);
  EXPECT_FALSE(kafka_.connections[0].secure);

  const Json managed = create(msk({{"AmazonManagedKafkaEventSourceConfig", {{"ConsumerGroupId", "mine"}}}}));
  EXPECT_EQ(managed["EventSourceArn"], cluster);
  EXPECT_EQ(managed["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"], "mine");
  EXPECT_THAT(kafka_.connections.back().servers, ElementsAre("b-1:9092"));
  EXPECT_EQ(kafka_.connections.back().start, KafkaConnection::Start::Latest);
}

TEST_F(KafkaMapping, GivesTheEventThatAwsGives) {
  create(self_managed());
  KafkaRecord record{.partition = 1, .offset = 15, .timestamp = 1545084650987, .has_timestamp = true};
  record.key = "recordKey";
  record.value = "Hello, this is a test.";
  record.headers = {{"headerKey", "head\xc3\xab"}};
  kafka_.log.push_back(record);
  kafka_.news();
  pass(1s);
  ASSERT_THAT(events(), SizeIs(1));
  EXPECT_EQ(events()[0], Json::parse(R"({
    "eventSource": "aws:SelfManagedKafka", "bootstrapServers": "kafka:9092,two:9092",
    "records": {"orders-1": [{"topic": "orders", "partition": 1, "offset": 15, "timestamp": 1545084650987,
      "timestampType": "CREATE_TIME", "key": "cmVjb3JkS2V5", "value": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
      "headers": [{"headerKey": [104, 101, 97, 100, -61, -85]}]}]}})"));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(1, 16)));
}

TEST_F(KafkaMapping, NamesTheClusterOfMsk) {
  create(msk());
  kafka_.produce(0, "x");
  pass(1s);
  ASSERT_THAT(events(), SizeIs(1));
  EXPECT_EQ(events()[0]["eventSource"], "aws:kafka");
  EXPECT_EQ(events()[0]["eventSourceArn"], cluster);
  EXPECT_EQ(events()[0]["bootstrapServers"], "b-1:9092");
}

TEST_F(KafkaMapping, GathersBatchesByCountAndTime) {
  create(self_managed({{"BatchSize", 2}, {"MaximumBatchingWindowInSeconds", 5}}));
  for (int i = 0; i < 3; ++i) kafka_.produce(i % 2, "x");
  settle();
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("orders-0:0", "orders-1:0")));
  pass(4s);
  EXPECT_THAT(batches(), SizeIs(1));
  pass(2s);
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("orders-0:0", "orders-1:0"), ElementsAre("orders-0:1")));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 2), Pair(1, 1)));
}

TEST_F(KafkaMapping, RetriesInOrderAndCommitsOnlyWhatIsDone) {
  create(self_managed({{"BatchSize", 1}}));
  int failures = 3;
  runner_.answer = [&](const Invocation&) {
    return failures-- > 0 ? Outcome{.payload = "{}", .function_error = "Unhandled"}
                          : Outcome{.payload = "null"};
  };
  kafka_.produce(0, "a");
  kafka_.produce(0, "b");
  settle();
  EXPECT_THAT(kafka_.committed, IsEmpty());
  pass(20s);
  EXPECT_THAT(batches(),
              ElementsAre(ElementsAre("orders-0:0"), ElementsAre("orders-0:0"), ElementsAre("orders-0:0"),
                          ElementsAre("orders-0:0"), ElementsAre("orders-0:1")));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 2)));
}

TEST_F(KafkaMapping, FiltersByTheValue) {
  create(self_managed(
      {{"FilterCriteria", {{"Filters", {{{"Pattern", R"({"value": {"id": [{"prefix": "A"}]}})"}}}}}}}));
  kafka_.produce(0, R"({"id": "A1"})");
  kafka_.produce(0, R"({"id": "B1"})");
  kafka_.produce(1, "no JSON");
  pass(1s);
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("orders-0:0")));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 2), Pair(1, 1)));
}

TEST_F(KafkaMapping, FiltersPlainText) {
  create(self_managed(
      {{"FilterCriteria", {{"Filters", {{{"Pattern", R"({"value": [{"anything-but": ["error"]}]})"}}}}}}}));
  kafka_.produce(0, "error");
  kafka_.produce(0, "fine");
  pass(1s);
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("orders-0:1")));
}

TEST_F(KafkaMapping, GivesUpAfterItsAttemptsAndTellsAQueue) {
  const std::string queue = "arn:aws:sqs:us-east-1:123456789012:failed";
  create(self_managed(
      {{"MaximumRetryAttempts", 1}, {"DestinationConfig", {{"OnFailure", {{"Destination", queue}}}}}}));
  fail_always();
  kafka_.produce(0, "a");
  kafka_.produce(0, "b");
  pass(10s);
  EXPECT_THAT(runner_.runs, SizeIs(2));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 2)));
  ASSERT_THAT(messages_.messages, SizeIs(1));
  const Json record = Json::parse(messages_.messages[0].body);
  EXPECT_EQ(messages_.messages[0].target, queue);
  EXPECT_EQ(record["requestContext"]["condition"], "RetryAttemptsExhausted");
  EXPECT_EQ(record["requestContext"]["approximateInvokeCount"], 2);
  EXPECT_EQ(record["responseContext"]["functionError"], "Unhandled");
  const Json info = record["KafkaBatchInfo"];
  EXPECT_EQ(info["batchSize"], 2);
  EXPECT_EQ(info["bootstrapServers"], "kafka:9092,two:9092");
  EXPECT_EQ(info["recordsInfo"]["orders-0"]["firstRecordOffset"], "0");
  EXPECT_EQ(info["recordsInfo"]["orders-0"]["lastRecordOffset"], "1");
  EXPECT_EQ(info["recordsInfo"]["orders-0"]["lastRecordTimestamp"], "2024-01-15T10:30:00.123Z");
}

TEST_F(KafkaMapping, GivesUpToATopicOfTheSameCluster) {
  create(self_managed({{"MaximumRetryAttempts", 0},
                       {"DestinationConfig", {{"OnFailure", {{"Destination", "kafka://failed"}}}}}}));
  fail_always();
  kafka_.produce(0, "a", "key");
  kafka_.produce(0, "b");
  pass(5s);
  ASSERT_THAT(kafka_.written, SizeIs(2));
  EXPECT_EQ(kafka_.written[0].first, "failed/key");
  EXPECT_EQ(kafka_.written[1].first, "failed/-");
  const Json record = Json::parse(kafka_.written[0].second);
  EXPECT_EQ(record["KafkaBatchInfo"]["recordInfo"]["offset"], "0");
  EXPECT_EQ(record["payload"]["records"]["orders-0"][0]["value"], base64_encode("a"));
  EXPECT_THAT(messages_.messages, IsEmpty());
}

TEST_F(KafkaMapping, SplitsABatchToFindThePoison) {
  create(self_managed({{"MaximumRetryAttempts", 0}, {"BisectBatchOnFunctionError", true}}));
  runner_.answer = [](const Invocation& run) {
    const bool poison = run.payload.find(base64_encode("bad")) != std::string::npos;
    return poison ? Outcome{.payload = "{}", .function_error = "Unhandled"} : Outcome{.payload = "null"};
  };
  for (const char* value : {"1", "bad", "3", "4"}) kafka_.produce(0, value);
  pass(10s);
  EXPECT_THAT(batches(), ElementsAre(SizeIs(4), SizeIs(2), ElementsAre("orders-0:0"),
                                     ElementsAre("orders-0:1"), ElementsAre("orders-0:2", "orders-0:3")));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 4)));
}

TEST_F(KafkaMapping, GoesOnWhereTheFunctionSaysThatItStopped) {
  create(self_managed({{"FunctionResponseTypes", {"ReportBatchItemFailures"}}}));
  int runs = 0;
  runner_.answer = [&](const Invocation&) {
    if (++runs > 1) return Outcome{.payload = R"({"batchItemFailures": []})"};
    return Outcome{
        .payload = R"({"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}]})"};
  };
  for (int i = 0; i < 3; ++i) kafka_.produce(0, "x");
  kafka_.produce(1, "x");
  pass(700ms);
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 1), Pair(1, 1)));
  pass(5s);
  EXPECT_THAT(batches(), ElementsAre(SizeIs(4), ElementsAre("orders-0:1", "orders-0:2")));
  EXPECT_THAT(kafka_.committed, ElementsAre(Pair(0, 3), Pair(1, 1)));
}

TEST_F(KafkaMapping, TakesAnAnswerThatMakesNoSenseForAFailure) {
  create(self_managed({{"FunctionResponseTypes", {"ReportBatchItemFailures"}}, {"MaximumRetryAttempts", 0}}));
  runner_.answer = [](const Invocation&) {
    return Outcome{.payload = R"({"batchItemFailures": [{"itemIdentifier": "orders-0-0"}]})"};
  };
  kafka_.produce(0, "x");
  pass(2s);
  const Json report = service_->mappings().engine().report(clock_.now())["mappings"][0];
  EXPECT_EQ(report["totals"]["discarded"], 1);
  EXPECT_EQ(report["lag"], 3);
  EXPECT_EQ(report["source"], "kafka:9092,two:9092");
}

TEST_F(KafkaMapping, GoesOnAfterARestart) {
  const std::string uuid = create(self_managed())["UUID"];
  kafka_.produce(0, "a");
  pass(1s);
  start();
  EXPECT_EQ(kafka_.open_consumers, 0);
  tie();
  service_->restore();
  settle();
  EXPECT_EQ(answer("GetEventSourceMapping", {{"UUID", uuid}})["Topics"], Json({"orders"}));
  kafka_.produce(0, "b");
  pass(1s);
  EXPECT_THAT(batches(), ElementsAre(ElementsAre("orders-0:0"), ElementsAre("orders-0:1")));
}

TEST_F(KafkaMapping, ShowsWhatIsOnlyRecorded) {
  const Json settings{{"KMSKeyArn", "arn:aws:kms:us-east-1:123456789012:key/k"},
                      {"MetricsConfig", {{"Metrics", {"EventCount"}}}},
                      {"LoggingConfig", {{"SystemLogLevel", "INFO"}}},
                      {"ProvisionedPollerConfig", {{"MinimumPollers", 1}, {"MaximumPollers", 2}}}};
  const std::string uuid = create(self_managed(settings))["UUID"];
  start();
  tie();
  service_->restore();
  Json got = answer("GetEventSourceMapping", {{"UUID", uuid}});
  for (const auto& [name, value] : settings.items()) EXPECT_EQ(got[name], value);
  got = answer("UpdateEventSourceMapping", {{"UUID", uuid}, {"KMSKeyArn", ""}});
  EXPECT_FALSE(got.contains("KMSKeyArn"));
  EXPECT_TRUE(got.contains("LoggingConfig"));
}

TEST_F(KafkaMapping, StopsAndGoesOn) {
  const std::string uuid = create(self_managed())["UUID"];
  answer("UpdateEventSourceMapping", {{"UUID", uuid}, {"Enabled", false}});
  settle();
  EXPECT_EQ(kafka_.open_consumers, 0);
  kafka_.produce(0, "a");
  pass(2s);
  EXPECT_THAT(runner_.runs, IsEmpty());
  answer("UpdateEventSourceMapping", {{"UUID", uuid}, {"Enabled", true}});
  pass(2s);
  EXPECT_THAT(runner_.runs, SizeIs(1));
  answer("DeleteEventSourceMapping", {{"UUID", uuid}});
  settle();
  EXPECT_EQ(kafka_.open_consumers, 0);
}

TEST_F(KafkaMapping, SaysWhatIsWrongAndTriesAgain) {
  kafka_.trouble = "no brokers";
  const std::string uuid = create(self_managed())["UUID"];
  EXPECT_EQ(answer("GetEventSourceMapping", {{"UUID", uuid}})["LastProcessingResult"], "PROBLEM: no brokers");
  kafka_.trouble.clear();
  kafka_.produce(0, "a");
  pass(6s);
  EXPECT_EQ(answer("GetEventSourceMapping", {{"UUID", uuid}})["LastProcessingResult"], "OK");
}

TEST_F(KafkaMapping, TakesItsCredentialsFromSecrets) {
  secrets_.texts[secret_arn] = R"({"username": "me", "password": "word"})";
  secrets_.texts["ca"] = R"({"certificate": "PEM"})";
  const auto access = [](const char* type, const std::string& uri) {
    return Json{{"Type", type}, {"URI", uri}};
  };
  const std::string uuid = create(self_managed(
      {{"SourceAccessConfigurations",
        {access("SASL_SCRAM_512_AUTH", secret_arn), access("SERVER_ROOT_CA_CERTIFICATE", "ca")}}}))["UUID"];
  const KafkaConnection scram = kafka_.connections.back();
  EXPECT_TRUE(scram.secure);
  EXPECT_EQ(scram.mechanism, "SCRAM-SHA-512");
  EXPECT_EQ(scram.username, "me");
  EXPECT_EQ(scram.password, "word");
  EXPECT_EQ(scram.ca, "PEM");
  secrets_.texts["mtls"] = R"({"certificate": "C", "privateKey": "K", "privateKeyPassword": "P"})";
  answer("UpdateEventSourceMapping",
         {{"UUID", uuid}, {"SourceAccessConfigurations", {access("CLIENT_CERTIFICATE_TLS_AUTH", "mtls")}}});
  settle();
  const KafkaConnection mutual = kafka_.connections.back();
  EXPECT_EQ(mutual.mechanism, "");
  EXPECT_EQ(mutual.certificate, "C");
  EXPECT_EQ(mutual.key, "K");
  EXPECT_EQ(mutual.key_password, "P");
  answer("UpdateEventSourceMapping",
         {{"UUID", uuid}, {"SourceAccessConfigurations", {access("BASIC_AUTH", secret_arn)}}});
  settle();
  EXPECT_EQ(kafka_.connections.back().mechanism, "PLAIN");
  EXPECT_EQ(kafka_.open_consumers, 1);
}

TEST_F(KafkaMapping, RefusesWhatIsWrong) {
  const auto refused = [this](Json input) { return refusal("CreateEventSourceMapping", std::move(input)); };
  Json no_access = self_managed();
  no_access.erase("SourceAccessConfigurations");
  EXPECT_EQ(refused(no_access), invalid("Required 'sourceAccessConfigurations' parameter is missing."));
  Json no_topic = self_managed();
  no_topic.erase("Topics");
  EXPECT_EQ(refused(no_topic), invalid("Required 'topics' parameter is missing."));
  EXPECT_EQ(refused(self_managed({{"FunctionName", "nobody"}})), invalid("Function does not exist"));
  EXPECT_EQ(refused(self_managed({{"TumblingWindowInSeconds", 5}})),
            invalid("Unsupported TumblingWindowInSeconds parameter for given event source mapping type."));
  EXPECT_EQ(
      refused(msk({{"SelfManagedKafkaEventSourceConfig", {{"ConsumerGroupId", "g"}}}})),
      invalid(
          "Unsupported SelfManagedKafkaEventSourceConfig parameter for given event source mapping type."));
  EXPECT_EQ(refused(self_managed({{"StartingPosition", "AT_TIMESTAMP"}})).status, 400);
  EXPECT_EQ(
      refused(self_managed({{"DestinationConfig", {{"OnFailure", {{"Destination", "kafka://orders"}}}}}}))
          .status,
      400);
  EXPECT_EQ(refused(self_managed({{"FilterCriteria", {{"Filters", {{{"Pattern", "x"}}}}}}})),
            invalid("Invalid filter pattern definition."));
  const Refusal no_secret = refused(
      self_managed({{"SourceAccessConfigurations", {{{"Type", "BASIC_AUTH"}, {"URI", secret_arn}}}}}));
  EXPECT_THAT(no_secret.message, HasSubstr("can't find the specified secret"));
  secrets_.texts[secret_arn] = "{}";
  EXPECT_THAT(
      refused(self_managed({{"SourceAccessConfigurations", {{{"Type", "BASIC_AUTH"}, {"URI", secret_arn}}}}}))
          .message,
      HasSubstr("it has no username or no password"));
  EXPECT_THAT(answer("ListEventSourceMappings", Json::object())["EventSourceMappings"], IsEmpty());
}

TEST_F(KafkaMapping, RefusesASecondOfTheSame) {
  const std::string uuid = create(self_managed())["UUID"];
  EXPECT_EQ(
      refusal("CreateEventSourceMapping", self_managed()),
      conflicting(
          "An event source mapping with event source (\"kafka:9092,two:9092\"), function (\"" + arn("f") +
          "\"), topics (\"orders\") already exists. Please update or delete the existing mapping with "
          "UUID " +
          uuid));
  create(self_managed({{"Topics", {"others"}}}));
}

TEST_F(KafkaMapping, SaysWhatIsNotThere) {
  service_->mappings().engine().attach(KafkaTies{.kafka = &kafka_});
  const Refusal no_cluster = refusal("CreateEventSourceMapping", msk());
  EXPECT_EQ(no_cluster.status, 501);
  EXPECT_THAT(no_cluster.message, HasSubstr("--endpoint kafka=HOST:PORT"));
  const Refusal no_secrets = refusal(
      "CreateEventSourceMapping",
      self_managed({{"SourceAccessConfigurations", {{{"Type", "BASIC_AUTH"}, {"URI", secret_arn}}}}}));
  EXPECT_EQ(no_secrets.status, 501);
  EXPECT_THAT(no_secrets.message, HasSubstr("no Secrets Manager"));
}

}  // namespace
}  // namespace aviary::lambda
