#include "services/lambda/core/kafka_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {
namespace {

std::string servers_text(const std::vector<std::string>& servers) {
  std::string text;
  for (const std::string& server : servers) text += (text.empty() ? "" : ",") + server;
  return text;
}

std::string text_in(const Json& document, const char* name) {
  const auto found = document.is_object() ? document.find(name) : document.end();
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Only brokers inside AWS are told these; outside a VPC they have no meaning.
bool needs_secret(const std::string& type) {
  return type != "VPC_SUBNET" && type != "VPC_SECURITY_GROUP" && type != "VIRTUAL_HOST";
}

/// Writes what a secret says into the connection. Empty, or what is wrong with the secret. The members:
/// https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html
std::string use_secret(KafkaConnection& connection, const std::string& type, const Json& secret) {
  connection.secure = true;
  if (type == "SERVER_ROOT_CA_CERTIFICATE") {
    connection.ca = text_in(secret, "certificate");
    return connection.ca.empty() ? "it has no certificate" : "";
  }
  if (type == "CLIENT_CERTIFICATE_TLS_AUTH") {
    connection.certificate = text_in(secret, "certificate");
    connection.key = text_in(secret, "privateKey");
    connection.key_password = text_in(secret, "privateKeyPassword");
    return connection.certificate.empty() || connection.key.empty() ? "it has no certificate or no privateKey"
                                                                    : "";
  }
  connection.mechanism = type == "BASIC_AUTH"            ? "PLAIN"
                         : type == "SASL_SCRAM_256_AUTH" ? "SCRAM-SHA-256"
                                                         : "SCRAM-SHA-512";
  connection.username = text_in(secret, "username");
  connection.password = text_in(secret, "password");
  return connection.username.empty() || connection.password.empty() ? "it has no username or no password"
                                                                    : "";
}

}  // namespace

KafkaConnection kafka_connection(const EventSourceMapping& mapping, const std::vector<std::string>& msk,
                                 SecretSource* secrets, std::string& problem) {
  problem.clear();
  const KafkaSettings& kafka = *mapping.kafka;
  KafkaConnection connection;
  connection.servers = kafka.self_managed() ? kafka.servers : msk;
  if (connection.servers.empty())
    problem =
        "Aviary has no MSK clusters: --endpoint kafka=HOST:PORT names the brokers that stand for all of "
        "them.";
  connection.topic = kafka.topics.front();
  connection.group = kafka.group;
  if (mapping.starting_position == "LATEST") connection.start = KafkaConnection::Start::Latest;
  if (mapping.starting_timestamp) {
    connection.start = KafkaConnection::Start::AtTime;
    connection.start_timestamp =
        std::chrono::duration_cast<std::chrono::milliseconds>(mapping.starting_timestamp->time_since_epoch())
            .count();
  }
  for (const KafkaSettings::Access& each : kafka.access) {
    if (!needs_secret(each.type)) continue;
    if (secrets == nullptr) {
      problem = fmt::format("Aviary has no Secrets Manager yet, so {} cannot be read from {}.", each.type,
                            each.uri);
      return connection;
    }
    const SecretSource::Secret secret = secrets->secret(mapping.scope, each.uri);
    std::string wrong = secret.problem;
    if (wrong.empty()) wrong = use_secret(connection, each.type, parse_bounded<Json>(secret.text));
    if (!wrong.empty())
      problem = fmt::format("The secret {} of {} is of no use: {}.", each.uri, each.type, wrong);
  }
  return connection;
}

StreamRecord kafka_record(const KafkaRecord& record, const std::string& topic) {
  StreamRecord read;
  read.sequence_number = std::to_string(record.offset);
  read.partition_key = fmt::format("{}-{}", topic, record.partition);
  read.arrived = Instant(std::chrono::milliseconds(record.timestamp));
  OrderedJson& event = read.event;
  event["topic"] = topic;
  event["partition"] = record.partition;
  event["offset"] = record.offset;
  if (record.has_timestamp) {
    event["timestamp"] = record.timestamp;
    event["timestampType"] = record.of_log ? "LOG_APPEND_TIME" : "CREATE_TIME";
  }
  if (record.key) event["key"] = base64_encode(*record.key);
  if (record.value) event["value"] = base64_encode(*record.value);
  event["headers"] = OrderedJson::array();
  for (const auto& [name, value] : record.headers) {
    OrderedJson bytes = OrderedJson::array();
    // As Java has bytes: from -128 to 127.
    for (const char c : value) bytes.push_back(static_cast<int>(static_cast<signed char>(c)));
    OrderedJson header;
    header[name] = std::move(bytes);
    event["headers"].push_back(std::move(header));
  }
  return read;
}

namespace {

OrderedJson event_document(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                           const std::vector<std::string>& servers) {
  OrderedJson event;
  const bool self_managed = mapping.kafka->self_managed();
  event["eventSource"] = self_managed ? "aws:SelfManagedKafka" : "aws:kafka";
  if (!self_managed) event["eventSourceArn"] = mapping.source;
  event["bootstrapServers"] = servers_text(servers);
  OrderedJson& records = event["records"] = OrderedJson::object();
  for (const StreamRecord& record : batch) {
    OrderedJson& list = records[record.partition_key];
    if (list.is_null()) list = OrderedJson::array();
    list.push_back(record.event);
  }
  return event;
}

/// Which records the function names as failed; nothing: its answer makes no sense. An identifier is
/// `{"partition": "topic-0", "offset": 100}`:
/// https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
std::optional<std::map<std::string, std::int64_t>> first_failures(std::span<const StreamRecord> batch,
                                                                  std::string_view answer) {
  std::map<std::string, std::int64_t> first;
  if (answer.empty()) return first;
  const Json document = parse_bounded<Json>(answer);
  if (document.is_discarded()) return std::nullopt;
  if (!document.is_object()) return first;
  const auto list = document.find("batchItemFailures");
  if (list == document.end() || list->is_null()) return first;
  if (!list->is_array()) return std::nullopt;
  for (const Json& item : *list) {
    const auto id = item.is_object() ? item.find("itemIdentifier") : item.end();
    if (id == item.end() || !id->is_object()) return std::nullopt;
    const auto offset = id->find("offset");
    if (offset == id->end() || !offset->is_number_integer()) return std::nullopt;
    const std::string partition = text_in(*id, "partition");
    const std::string number = std::to_string(offset->get<std::int64_t>());
    const bool known = std::ranges::any_of(batch, [&](const StreamRecord& record) {
      return record.partition_key == partition && record.sequence_number == number;
    });
    if (!known) return std::nullopt;
    const auto [placed, added] = first.emplace(partition, offset->get<std::int64_t>());
    if (!added) placed->second = std::min(placed->second, offset->get<std::int64_t>());
  }
  return first;
}

OrderedJson batch_info(const EventSourceMapping& mapping, const std::vector<std::string>& servers,
                       std::size_t records, std::size_t bytes) {
  OrderedJson info{{"batchSize", records}};
  if (!mapping.kafka->self_managed()) info["eventSourceArn"] = mapping.source;
  info["bootstrapServers"] = servers_text(servers);
  info["payloadSize"] = bytes;
  return info;
}

}  // namespace

std::string kafka_event(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                        const std::vector<std::string>& servers) {
  return dumped(event_document(batch, mapping, servers));
}

Verdict judge_kafka_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                          const BatchOutcome& outcome, int attempts) {
  Verdict verdict{.done = std::vector<bool>(batch.size(), false), .problem = outcome.problem};
  if (never_ran(outcome)) {
    verdict.next = Verdict::Next::Wait;
    return verdict;
  }
  if (outcome.kind == BatchOutcome::Kind::Done) {
    std::optional<std::map<std::string, std::int64_t>> failures(std::in_place);
    if (mapping.reports_failures) failures = first_failures(batch, outcome.payload);
    if (failures && failures->empty()) {
      verdict.done.assign(batch.size(), true);
      return verdict;
    }
    if (!failures) verdict.problem = "the function's batchItemFailures make no sense";
    if (failures) {
      verdict.problem = "some of the batch's items failed";
      // In a partition everything before its first failure is done with.
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto failed = failures->find(batch[i].partition_key);
        verdict.done[i] = failed == failures->end() || std::stoll(batch[i].sequence_number) < failed->second;
      }
    }
  }
  judge_rest(verdict, mapping, attempts);
  return verdict;
}

/// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
OutgoingMessage kafka_failure_message(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                                      const GivenUp& given_up, const std::vector<std::string>& servers,
                                      Instant now, std::string_view id) {
  OrderedJson record = failure_head(mapping, given_up, now, id);
  OrderedJson& info = record["KafkaBatchInfo"] =
      batch_info(mapping, servers, batch.size(), given_up.payload.size());
  OrderedJson& partitions = info["recordsInfo"] = OrderedJson::object();
  for (const StreamRecord& each : batch) {
    OrderedJson& place = partitions[each.partition_key];
    const std::string time = iso8601(each.arrived, 3);
    if (place.is_null())
      place = {{"firstRecordOffset", each.sequence_number},
               {"lastRecordOffset", each.sequence_number},
               {"firstRecordTimestamp", time},
               {"lastRecordTimestamp", time}};
    place["lastRecordOffset"] = each.sequence_number;
    place["lastRecordTimestamp"] = time;
  }
  return failure_envelope(mapping, std::move(record), given_up, batch.front().partition_key, now, id);
}

/// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
std::string kafka_failure_record(const EventSourceMapping& mapping, const StreamRecord& failed,
                                 const GivenUp& given_up, const std::vector<std::string>& servers,
                                 Instant now, std::string_view id) {
  const std::span<const StreamRecord> one(&failed, 1);
  OrderedJson record = failure_head(mapping, given_up, now, id);
  OrderedJson event = event_document(one, mapping, servers);
  OrderedJson& info = record["KafkaBatchInfo"] = batch_info(mapping, servers, 1, dumped(event).size());
  info["recordInfo"] = {{"offset", failed.sequence_number}, {"timestamp", iso8601(failed.arrived, 3)}};
  record["payload"] = std::move(event);
  return dumped(record);
}

std::optional<std::string> kafka_destination(std::string_view destination) {
  constexpr std::string_view scheme = "kafka://";
  if (!destination.starts_with(scheme)) return std::nullopt;
  return std::string(destination.substr(scheme.size()));
}

}  // namespace aviary::lambda
