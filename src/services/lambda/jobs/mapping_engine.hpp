#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/records.hpp"
#include "services/lambda/core/event_observer.hpp"
#include "services/lambda/jobs/kafka_poller.hpp"
#include "services/lambda/jobs/queue_poller.hpp"
#include "services/lambda/jobs/stream_poller.hpp"

namespace aviary::lambda {

/// All event source mappings, and the pollers that work for those that are enabled. Lives on the loop's
/// thread.
class MappingEngine {
 public:
  MappingEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                BatchInvoker& functions, Random& ids, Messenger& messenger);

  /// Where queues and streams are; before `restore`. Without them none exists. Of streams' sources the first
  /// that has the ARN is asked.
  void attach(QueueSource* queues) { queues_ = queues; }
  void attach(StreamSource* streams) { streams_.push_back(streams); }
  void attach(KafkaTies kafka) { kafka_ = std::move(kafka); }
  QueueSource* queues() const noexcept { return queues_; }
  const KafkaTies& kafka() const noexcept { return kafka_; }
  /// Null if nothing here has such a stream.
  StreamSource* streams(std::string_view arn) const;

  /// Hear how old the records of streams are that functions are given. They outlive the engine, or are
  /// removed before they go.
  void add_observer(StreamObserver& observer) { observers_.push_back(&observer); }
  void remove_observer(StreamObserver& observer) { std::erase(observers_, &observer); }

  using ByUuid = std::map<std::string, EventSourceMapping>;
  const ByUuid& all() const noexcept { return mappings_; }
  const EventSourceMapping* find(const std::string& uuid) const;
  /// Adds or changes one: its poller starts, changes or ends.
  const EventSourceMapping& put(EventSourceMapping mapping);
  void erase(const std::string& uuid);
  /// Only for mappings that were enabled once.
  const PollerCounts* counts(const std::string& uuid) const;
  /// `{"mappings": […]}`: what each does now.
  Json report(Instant now) const;

  void restore();
  void clear();
  Task<> stop();

 private:
  void keep_polling(const EventSourceMapping& mapping);
  std::shared_ptr<MappingPoller> poller_for(const EventSourceMapping& mapping);

  Clock& clock_;
  BatchInvoker& functions_;
  Random& ids_;
  Messenger& messenger_;
  QueueSource* queues_ = nullptr;
  KafkaTies kafka_;
  std::vector<StreamSource*> streams_;
  std::vector<StreamObserver*> observers_;
  ByUuid mappings_;
  StreamCheckpoints checkpoints_;
  std::map<std::string, std::shared_ptr<MappingPoller>> pollers_;
  Records<Json> records_;
  TaskGroup tasks_;
};

}  // namespace aviary::lambda
