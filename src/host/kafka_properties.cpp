#include "host/kafka_properties.hpp"

namespace aviary::host {
namespace {

/// A batch may take a function's quarter of an hour, and is retried for days: as long as librdkafka allows.
constexpr const char* longest_pause_between_polls = "86400000";

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

const char* protocol(const KafkaConnection& to) {
  if (to.mechanism.empty()) return to.secure ? "ssl" : "plaintext";
  return to.secure ? "sasl_ssl" : "sasl_plaintext";
}

}  // namespace

KafkaProperties client_properties(const KafkaConnection& to, const std::string& ca_bundle) {
  KafkaProperties properties{
      {"bootstrap.servers", joined(to.servers)},
      {"client.id", "aviary"},
      {"log_level", "0"},
      // Brokers that come late, or again, are found soon.
      {"reconnect.backoff.ms", "50"},
      {"reconnect.backoff.max.ms", "1000"},
      {"topic.metadata.refresh.interval.ms", "10000"},
      {"security.protocol", protocol(to)},
  };
  if (!to.mechanism.empty()) {
    properties.emplace_back("sasl.mechanisms", to.mechanism);
    properties.emplace_back("sasl.username", to.username);
    properties.emplace_back("sasl.password", to.password);
  }
  if (!to.secure) return properties;
  if (!to.ca.empty())
    properties.emplace_back("ssl.ca.pem", to.ca);
  else
    properties.emplace_back("ssl.ca.location", ca_bundle.empty() ? "probe" : ca_bundle);
  if (!to.certificate.empty()) properties.emplace_back("ssl.certificate.pem", to.certificate);
  if (!to.key_password.empty()) properties.emplace_back("ssl.key.password", to.key_password);
  if (!to.key.empty()) properties.emplace_back("ssl.key.pem", to.key);
  return properties;
}

KafkaProperties consumer_properties(const KafkaConnection& to) {
  return {
      {"group.id", to.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", to.start == KafkaConnection::Start::Latest ? "latest" : "earliest"},
      {"max.poll.interval.ms", longest_pause_between_polls},
      {"session.timeout.ms", "10000"},
      {"heartbeat.interval.ms", "1000"},
      {"fetch.wait.max.ms", "100"},
      {"queued.min.messages", "10000"},
      {"queued.max.messages.kbytes", "16384"},
      {"allow.auto.create.topics", "false"},
  };
}

}  // namespace aviary::host
