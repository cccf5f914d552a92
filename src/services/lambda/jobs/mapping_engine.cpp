#include "services/lambda/jobs/mapping_engine.hpp"

#include <algorithm>

namespace aviary::lambda {

MappingEngine::MappingEngine(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                             BatchInvoker& functions, Random& ids, Messenger& messenger)
    : clock_(clock),
      functions_(functions),
      ids_(ids),
      messenger_(messenger),
      checkpoints_(journal),
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

StreamSource* MappingEngine::streams(std::string_view arn) const {
  const auto found =
      std::ranges::find_if(streams_, [arn](const StreamSource* each) { return each->has(arn); });
  return found == streams_.end() ? nullptr : *found;
}

std::shared_ptr<MappingPoller> MappingEngine::poller_for(const EventSourceMapping& mapping) {
  if (mapping.is_queue() && queues_ != nullptr)
    return std::make_shared<QueuePoller>(clock_, tasks_, *queues_, functions_, mapping);
  if (StreamSource* source = mapping.is_stream() ? streams(mapping.source) : nullptr)
    return std::make_shared<StreamPoller>(StreamPoller::Neighbours{.clock = clock_,
                                                                   .tasks = tasks_,
                                                                   .source = *source,
                                                                   .functions = functions_,
                                                                   .messenger = messenger_,
                                                                   .ids = ids_,
                                                                   .checkpoints = checkpoints_,
                                                                   .observers = observers_},
                                          mapping);
  if (mapping.is_kafka() && mapping.kafka)
    return std::make_shared<KafkaPoller>(KafkaPoller::Neighbours{.clock = clock_,
                                                                 .tasks = tasks_,
                                                                 .ties = kafka_,
                                                                 .functions = functions_,
                                                                 .messenger = messenger_,
                                                                 .ids = ids_},
                                         mapping);
  return nullptr;
}

void MappingEngine::keep_polling(const EventSourceMapping& mapping) {
  std::shared_ptr<MappingPoller>& poller = pollers_[mapping.uuid];
  if (poller) poller->update(mapping);
  if (!mapping.enabled) {
    if (poller) poller->stop();
    return;
  }
  if (!poller) poller = poller_for(mapping);
  if (poller) poller->start();
}

void MappingEngine::erase(const std::string& uuid) {
  if (const auto found = pollers_.find(uuid); found != pollers_.end()) {
    if (found->second) found->second->abandon();
    pollers_.erase(found);
  }
  checkpoints_.forget(uuid);
  records_.erase(uuid);
  mappings_.erase(uuid);
}

const PollerCounts* MappingEngine::counts(const std::string& uuid) const {
  const auto found = pollers_.find(uuid);
  return found == pollers_.end() || !found->second ? nullptr : &found->second->counts();
}

namespace {

/// An ARN, or the brokers of a self-managed cluster.
std::string source_name(const EventSourceMapping& mapping) {
  if (!mapping.source.empty() || !mapping.kafka) return mapping.source;
  std::string text;
  for (const std::string& server : mapping.kafka->servers) text += (text.empty() ? "" : ",") + server;
  return text;
}

}  // namespace

Json MappingEngine::report(Instant now) const {
  Json list = Json::array();
  for (const auto& [uuid, mapping] : mappings_) {
    Json row{{"uuid", uuid},
             {"source", source_name(mapping)},
             {"function", mapping.function_arn()},
             {"state", mapping.state(now)}};
    row["lag"] = Json();
    if (const auto found = pollers_.find(uuid); found != pollers_.end() && found->second)
      found->second->describe(row, now);
    if (const PollerCounts* counts = this->counts(uuid)) {
      row["in_flight"] = {{"batches", counts->batches_in_flight}, {"records", counts->records_in_flight}};
      row["totals"] = {{"batches", counts->batches},     {"records", counts->records},
                       {"filtered", counts->filtered},   {"failed_batches", counts->failed},
                       {"throttled", counts->throttled}, {"discarded", counts->discarded}};
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
  checkpoints_.restore();
  for (const auto& [uuid, mapping] : mappings_) keep_polling(mapping);
}

void MappingEngine::clear() {
  for (const auto& [uuid, poller] : pollers_)
    if (poller) poller->abandon();
  pollers_.clear();
  checkpoints_.clear();
  mappings_.clear();
}

Task<> MappingEngine::stop() {
  for (const auto& [uuid, poller] : pollers_)
    if (poller) poller->stop();
  pollers_.clear();
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::lambda
