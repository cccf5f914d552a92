#include "services/lambda/jobs/mapping_engine.hpp"

namespace aviary::lambda {

MappingEngine::MappingEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                             BatchInvoker& functions)
    : clock_(clock),
      functions_(functions),
      records_(journal, "lambda.event-source-mappings"),
      tasks_(std::move(executor)) {}

const EventSourceMapping* MappingEngine::find(const std::string& uuid) const {
  const auto found = mappings_.find(uuid);
  return found == mappings_.end() ? nullptr : &found->second;
}

const EventSourceMapping& MappingEngine::put(EventSourceMapping mapping) {
  records_.save(mapping.uuid, Json(mapping));
  const std::string uuid = mapping.uuid;
  const EventSourceMapping& placed = mappings_.insert_or_assign(uuid, std::move(mapping)).first->second;
  keep_polling(placed);
  return placed;
}

void MappingEngine::keep_polling(const EventSourceMapping& mapping) {
  if (!mapping.enabled || !mapping.is_queue() || queues_ == nullptr) {
    end_polling(mapping.uuid);
    return;
  }
  std::shared_ptr<QueuePoller>& poller = pollers_[mapping.uuid];
  if (poller) {
    poller->update(mapping);
    return;
  }
  poller = std::make_shared<QueuePoller>(clock_, tasks_, *queues_, functions_, mapping);
  poller->start();
}

void MappingEngine::end_polling(const std::string& uuid) {
  const auto found = pollers_.find(uuid);
  if (found == pollers_.end()) return;
  found->second->stop();
  pollers_.erase(found);
}

void MappingEngine::erase(const std::string& uuid) {
  end_polling(uuid);
  records_.erase(uuid);
  mappings_.erase(uuid);
}

const PollerCounts* MappingEngine::counts(const std::string& uuid) const {
  const auto found = pollers_.find(uuid);
  return found == pollers_.end() ? nullptr : &found->second->counts();
}

Json MappingEngine::report(Instant now) const {
  Json list = Json::array();
  for (const auto& [uuid, mapping] : mappings_) {
    Json row{{"uuid", uuid},
             {"source", mapping.source},
             {"function", mapping.function_arn()},
             {"state", mapping.state(now)}};
    const std::optional<QueueFacts> queue =
        mapping.is_queue() && queues_ != nullptr ? queues_->find(mapping.source) : std::nullopt;
    row["lag"] = queue ? Json(queue->waiting) : Json();
    if (const PollerCounts* counts = this->counts(uuid)) {
      row["in_flight"] = {{"batches", counts->batches_in_flight}, {"records", counts->records_in_flight}};
      row["totals"] = {{"batches", counts->batches},
                       {"records", counts->records},
                       {"filtered", counts->filtered},
                       {"failed_batches", counts->failed},
                       {"throttled", counts->throttled}};
      row["last_batch"] = counts->last_at ? Json{{"at", iso8601(*counts->last_at)},
                                                 {"size", counts->last_size},
                                                 {"version", counts->last_version},
                                                 {"result", counts->last_result}}
                                          : Json();
      row["last_error"] = counts->last_error.empty() ? Json() : Json(counts->last_error);
    }
    list.push_back(std::move(row));
  }
  return {{"mappings", std::move(list)}};
}

void MappingEngine::restore() {
  records_.load([this](std::string_view uuid, const Json& record) {
    EventSourceMapping mapping = record.get<EventSourceMapping>();
    mapping.uuid = uuid;
    mappings_.emplace(mapping.uuid, std::move(mapping));
  });
  for (const auto& [uuid, mapping] : mappings_) keep_polling(mapping);
}

void MappingEngine::clear() {
  for (const auto& [uuid, poller] : pollers_) poller->stop();
  pollers_.clear();
  mappings_.clear();
}

Task<> MappingEngine::stop() {
  for (const auto& [uuid, poller] : pollers_) poller->stop();
  pollers_.clear();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::lambda
