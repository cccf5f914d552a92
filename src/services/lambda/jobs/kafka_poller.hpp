#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ports/kafka.hpp"
#include "ports/random.hpp"
#include "services/lambda/core/kafka_batch.hpp"
#include "services/lambda/core/messenger.hpp"
#include "services/lambda/jobs/mapping_poller.hpp"

namespace aviary::lambda {

/// Where Kafka is, for all mappings. What it names outlives the engine.
struct KafkaTies {
  Kafka* kafka = nullptr;              ///< null: none can be reached
  SecretSource* secrets = nullptr;     ///< null: there are none
  std::vector<std::string> brokers{};  ///< `host:port`, that stand for MSK's clusters
};

/// Reads a topic in the mapping's consumer group and gives the function one batch after the other, of all
/// partitions that the group has given to it. The group's offsets are committed when a batch is done with, so
/// that how far it came is Kafka's to know, and what a restart interrupts comes again.
class KafkaPoller final : public MappingPoller, public std::enable_shared_from_this<KafkaPoller> {
 public:
  /// All of it outlives the poller.
  struct Neighbours {
    Clock& clock;
    TaskGroup& tasks;
    const KafkaTies& ties;
    BatchInvoker& functions;
    Messenger& messenger;
    Random& ids;
  };
  KafkaPoller(Neighbours neighbours, EventSourceMapping mapping);

  void start() override;
  void stop() override;
  void update(EventSourceMapping mapping) override;
  void describe(Json& row, Instant now) const override;

 private:
  using Self = std::shared_ptr<KafkaPoller>;
  using Signal = std::optional<OneShot<bool>>;

  static Task<> run(Self self);
  Task<bool> gather(std::vector<StreamRecord>& batch);
  Task<> process(std::vector<StreamRecord> batch);
  static Task<> nap(Clock& clock, Signal& signal, Instant until);
  bool open();
  void close();
  void take(std::size_t count);
  void give_up(const BatchPart& part, std::span<const StreamRecord> records, std::string_view condition,
               std::string payload);
  void commit(std::span<const BatchPart> parts);

  Neighbours n_;
  EventSourceMapping mapping_;
  std::vector<EventPattern> patterns_;
  std::vector<std::string> servers_;
  std::unique_ptr<KafkaConsumer> consumer_;
  std::deque<StreamRecord> waiting_;
  std::map<std::string, std::int64_t> read_to_;  ///< by `topic-partition`: the offset behind what was taken
  std::map<std::string, std::int64_t> committed_;
  Signal news_{};
  Signal pause_{};
  bool reopen_ = false;  ///< the way to the brokers has changed
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace aviary::lambda
