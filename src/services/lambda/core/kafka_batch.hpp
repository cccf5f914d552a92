#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/kafka.hpp"
#include "services/lambda/core/event_source_mapping.hpp"
#include "services/lambda/core/judged_batch.hpp"

/// What a Kafka topic's poller decides, without doing any of it.
namespace aviary::lambda {

/// The text of secrets, wherever these are. The composition root ties it.
class SecretSource {
 public:
  virtual ~SecretSource() = default;
  struct Secret {
    std::string text{};
    std::string problem{};  ///< why there is none, for humans; empty: there is
  };
  /// `id`: an ARN or a name.
  virtual Secret secret(const Scope& scope, const std::string& id) = 0;
};

/// How to connect for a mapping, with what the secrets of its SourceAccessConfigurations say. `msk`: the
/// brokers that stand for MSK's clusters. `problem` says why not; else it is empty.
KafkaConnection kafka_connection(const EventSourceMapping& mapping, const std::vector<std::string>& msk,
                                 SecretSource* secrets, std::string& problem);

/// A record as the function gets it, and filters see it. Its `sequence_number` is the offset, its
/// `partition_key` is `topic-partition`.
StreamRecord kafka_record(const KafkaRecord& record, const std::string& topic);

/// The event of a batch: records by topic and partition.
/// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html
std::string kafka_event(std::span<const StreamRecord> batch, const EventSourceMapping& mapping,
                        const std::vector<std::string>& servers);

/// What comes of a batch after the function ran.
Verdict judge_kafka_batch(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                          const BatchOutcome& outcome, int attempts);

/// What queues, topics of SNS and buckets hear of records that were given up.
OutgoingMessage kafka_failure_message(const EventSourceMapping& mapping, std::span<const StreamRecord> batch,
                                      const GivenUp& given_up, const std::vector<std::string>& servers,
                                      Instant now, std::string_view id);
/// What a topic of the cluster itself gets of one such record.
std::string kafka_failure_record(const EventSourceMapping& mapping, const StreamRecord& record,
                                 const GivenUp& given_up, const std::vector<std::string>& servers,
                                 Instant now, std::string_view id);
/// The topic that a `kafka://` destination names; nothing for another.
std::optional<std::string> kafka_destination(std::string_view destination);

}  // namespace aviary::lambda
