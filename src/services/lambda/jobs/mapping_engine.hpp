#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ports/records.hpp"
#include "services/lambda/jobs/queue_poller.hpp"

namespace aviary::lambda {

/// All event source mappings, and the pollers that work for those that are enabled. Lives on the loop's
/// thread.
class MappingEngine {
 public:
  MappingEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                BatchInvoker& functions);

  /// Where queues are; before `restore`. Without it no queue exists.
  void attach(QueueSource* queues) { queues_ = queues; }
  QueueSource* queues() const noexcept { return queues_; }

  using ByUuid = std::map<std::string, EventSourceMapping>;
  const ByUuid& all() const noexcept { return mappings_; }
  const EventSourceMapping* find(const std::string& uuid) const;
  /// Adds or changes one: its poller starts, changes or ends.
  const EventSourceMapping& put(EventSourceMapping mapping);
  void erase(const std::string& uuid);
  /// Only for queues' mappings that were enabled once.
  const PollerCounts* counts(const std::string& uuid) const;
  /// `{"mappings": […]}`: what each does now.
  Json report(Instant now) const;

  void restore();
  void clear();
  Task<> stop();

 private:
  void keep_polling(const EventSourceMapping& mapping);
  void end_polling(const std::string& uuid);

  Clock& clock_;
  BatchInvoker& functions_;
  QueueSource* queues_ = nullptr;
  ByUuid mappings_;
  std::map<std::string, std::shared_ptr<QueuePoller>> pollers_;
  Records<Json> records_;
  TaskGroup tasks_;
};

}  // namespace aviary::lambda
