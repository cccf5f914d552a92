#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>

#include "ports/kafka.hpp"
#include "ports/worker_pool.hpp"

namespace aviary::host {

/// Kafka through librdkafka. Its threads talk to the brokers; an event descriptor wakes the loop, which takes
/// what has arrived without ever blocking; what may block (leaving a group, asking for the offsets of a
/// moment) is done on a worker.
class KafkaClient final : public Kafka {
 public:
  /// `ca_bundle`: certificates that are believed in place of the system's; empty: none. `workers` outlives
  /// the consumers.
  KafkaClient(boost::asio::any_io_executor loop, WorkerPool& workers, std::string ca_bundle);

  std::unique_ptr<KafkaConsumer> open(KafkaConnection connection, std::function<void()> on_news,
                                      std::string& problem) override;

 private:
  boost::asio::any_io_executor loop_;
  [[maybe_unused]] WorkerPool& workers_;
  std::string ca_bundle_;
};

}  // namespace aviary::host
