#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A Kafka cluster, seen by one who reads a topic in a consumer group. Brokers are spoken to on threads of
/// the implementation's own; everything here is called, and calls back, on the loop's thread.
namespace aviary {

struct KafkaRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  ///< milliseconds since the epoch
  bool has_timestamp = false;  ///< old brokers give none
  bool of_log = false;         ///< the time is when the broker took it, not when it was made
  std::optional<std::string> key{};
  std::optional<std::string> value{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// How to reach the brokers, and where to begin.
struct KafkaConnection {
  std::vector<std::string> servers;  ///< `host:port`
  std::string topic;
  std::string group;

  enum class Start : std::uint8_t { Earliest, Latest, AtTime };
  Start start = Start::Earliest;     ///< for partitions that the group has committed nothing of
  std::int64_t start_timestamp = 0;  ///< for `AtTime`, milliseconds since the epoch

  bool secure = false;        ///< TLS
  std::string ca{};           ///< PEM; empty: the system's certificates
  std::string certificate{};  ///< PEM, of this client; empty: none
  std::string key{};          ///< PEM, to the certificate
  std::string key_password{};
  std::string mechanism{};  ///< of SASL: `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`; empty: none
  std::string username{};
  std::string password{};
};

class KafkaConsumer {
 public:
  /// Leaves the group, later and elsewhere.
  virtual ~KafkaConsumer() = default;
  /// What has arrived, no more than `count`, in order within a partition. Fewer than `count`: `on_news` is
  /// called when there is more.
  virtual std::vector<KafkaRecord> take(std::size_t count) = 0;
  /// The group is done with everything in the partition before `offset`.
  virtual void commit(std::int32_t partition, std::int64_t offset) = 0;
  /// Writes to a topic of the same cluster. Nothing when the brokers have it, else why not.
  using Written = std::function<void(std::optional<std::string> problem)>;
  virtual void write(std::string topic, std::optional<std::string> key, std::string value,
                     Written written) = 0;
  /// Why nothing comes, as far as is known; empty: nothing is wrong.
  virtual const std::string& problem() const = 0;
  /// Records that the brokers have beyond what was committed, as far as is known.
  virtual std::uint64_t lag() const = 0;
};

class Kafka {
 public:
  virtual ~Kafka() = default;
  /// Null: it cannot be; `problem` says why. `on_news` is called until the consumer is gone.
  virtual std::unique_ptr<KafkaConsumer> open(KafkaConnection connection, std::function<void()> on_news,
                                              std::string& problem) = 0;
};

}  // namespace aviary
