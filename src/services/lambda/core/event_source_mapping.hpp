#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/event_pattern.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// What kind of thing an ARN names, as far as mappings differ by it.
enum class SourceKind : std::uint8_t { Queue, Kinesis, DynamoDb, Kafka, Other };
SourceKind source_kind(std::string_view arn);

/// A topic of a Kafka cluster, self-managed or MSK.
struct KafkaSettings {
  struct Access {
    std::string type;  ///< `BASIC_AUTH`, `VPC_SUBNET`, …
    std::string uri;   ///< a secret's ARN, for those that need one
    bool operator==(const Access&) const = default;
  };
  std::vector<std::string> servers{};  ///< `host:port`; empty: MSK, whose brokers an option names
  std::vector<std::string> topics{};   ///< one
  std::string group{};
  std::vector<Access> access{};
  bool window_given = false;  ///< else batches wait half a second

  bool self_managed() const { return !servers.empty(); }
  bool operator==(const KafkaSettings&) const = default;
};

/// A queue, a stream or a topic whose records run a function.
struct EventSourceMapping {
  std::string uuid;
  Scope scope;
  std::string function;   ///< name
  std::string qualifier;  ///< a version or an alias; empty: none was given
  std::string source;     ///< ARN; empty: a self-managed cluster
  bool enabled = true;
  Instant modified{};
  std::map<std::string, std::string> tags{};

  int batch_size = 10;
  int window = 0;  ///< seconds
  std::vector<std::string> filters{};
  bool reports_failures = false;             ///< `ReportBatchItemFailures`
  std::optional<int> maximum_concurrency{};  ///< of a queue's batches

  /// Kept and shown, and nothing else: KMSKeyArn, MetricsConfig, LoggingConfig, ProvisionedPollerConfig.
  Json recorded = Json::object();

  std::optional<KafkaSettings> kafka{};

  // Of streams and Kafka.
  std::string starting_position{};  ///< `TRIM_HORIZON`, `LATEST`, `AT_TIMESTAMP`
  std::optional<Instant> starting_timestamp{};
  int parallelization = 1;      ///< batches at once of a shard
  int tumbling_window = 0;      ///< seconds
  int maximum_retries = -1;     ///< -1: until the records are too old
  int maximum_record_age = -1;  ///< seconds; -1: as long as the stream keeps them
  bool bisects = false;         ///< `BisectBatchOnFunctionError`
  std::string on_failure{};     ///< ARN of the destination; empty: none

  /// On the way from one state to the next: what is shown until the moment has come.
  std::string transition{};
  Instant settles{};

  SourceKind kind() const { return kafka ? SourceKind::Kafka : source_kind(source); }
  bool is_kafka() const { return kind() == SourceKind::Kafka; }
  bool is_queue() const { return kind() == SourceKind::Queue; }
  bool is_stream() const { return kind() == SourceKind::Kinesis || kind() == SourceKind::DynamoDb; }
  std::string arn() const;
  std::string function_arn() const;
  /// On the way from one state to the next: it takes no other change.
  bool in_transition(Instant now) const { return !transition.empty() && now < settles; }
  /// `Creating`, `Enabled`, …
  std::string state(Instant now) const;
  std::vector<EventPattern> patterns() const;
};

void to_json(Json& json, const EventSourceMapping& mapping);
void from_json(const Json& json, EventSourceMapping& mapping);

/// Whether a record goes to the function. `record` is what the event would have of it.
bool passes_filters(SourceKind kind, const std::vector<EventPattern>& patterns, const OrderedJson& record);

/// Which of a batch failed, as the function says with ReportBatchItemFailures. Nothing: its answer makes no
/// sense, and the whole batch counts as failed.
std::optional<std::vector<std::string>> failed_items(std::string_view answer,
                                                     const std::vector<std::string>& item_ids);

}  // namespace aviary::lambda
