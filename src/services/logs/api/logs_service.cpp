#include "services/logs/api/logs_service.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "models/logs.hpp"
#include "wire/protocol.hpp"

namespace aviary::logs {

/// Which member answers which operation.
OperationTable<LogsService> LogsService::operations() {
  using S = LogsService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CreateDelivery", &S::create_delivery},
      {"CreateLogAnomalyDetector", &S::create_log_anomaly_detector},
      {"CreateLogGroup", &S::create_log_group},
      {"CreateLogStream", &S::create_log_stream},
      {"DeleteAccountPolicy", &S::delete_account_policy},
      {"DeleteDelivery", &S::delete_delivery},
      {"DeleteDeliveryDestination", &S::delete_delivery_destination},
      {"DeleteDeliveryDestinationPolicy", &S::delete_delivery_destination_policy},
      {"DeleteDeliverySource", &S::delete_delivery_source},
      {"DeleteDestination", &S::delete_destination},
      {"DeleteLogAnomalyDetector", &S::delete_log_anomaly_detector},
      {"DeleteLogGroup", &S::delete_log_group},
      {"DeleteLogStream", &S::delete_log_stream},
      {"DeleteMetricFilter", &S::delete_metric_filter},
      {"DeleteQueryDefinition", &S::delete_query_definition},
      {"DeleteResourcePolicy", &S::delete_resource_policy},
      {"DeleteRetentionPolicy", &S::delete_retention_policy},
      {"DeleteSubscriptionFilter", &S::delete_subscription_filter},
      {"DeleteTransformer", &S::delete_transformer},
      {"DescribeAccountPolicies", &S::describe_account_policies},
      {"DescribeDeliveries", &S::describe_deliveries},
      {"DescribeDeliveryDestinations", &S::describe_delivery_destinations},
      {"DescribeDeliverySources", &S::describe_delivery_sources},
      {"DescribeDestinations", &S::describe_destinations},
      {"DescribeLogGroups", &S::describe_log_groups},
      {"DescribeLogStreams", &S::describe_log_streams},
      {"DescribeMetricFilters", &S::describe_metric_filters},
      {"DescribeQueries", &S::describe_queries},
      {"DescribeQueryDefinitions", &S::describe_query_definitions},
      {"DescribeResourcePolicies", &S::describe_resource_policies},
      {"DescribeSubscriptionFilters", &S::describe_subscription_filters},
      {"FilterLogEvents", &S::filter_log_events},
      {"GetDelivery", &S::get_delivery},
      {"GetDeliveryDestination", &S::get_delivery_destination},
      {"GetDeliveryDestinationPolicy", &S::get_delivery_destination_policy},
      {"GetDeliverySource", &S::get_delivery_source},
      {"GetLogAnomalyDetector", &S::get_log_anomaly_detector},
      {"GetLogEvents", &S::get_log_events},
      {"GetQueryResults", &S::get_query_results},
      {"GetTransformer", &S::get_transformer},
      {"ListLogAnomalyDetectors", &S::list_log_anomaly_detectors},
      {"ListTagsForResource", &S::list_tags_for_resource},
      {"ListTagsLogGroup", &S::list_tags_log_group},
      {"PutAccountPolicy", &S::put_account_policy},
      {"PutDeliveryDestination", &S::put_delivery_destination},
      {"PutDeliveryDestinationPolicy", &S::put_delivery_destination_policy},
      {"PutDeliverySource", &S::put_delivery_source},
      {"PutDestination", &S::put_destination},
      {"PutDestinationPolicy", &S::put_destination_policy},
      {"PutLogEvents", &S::put_log_events},
      {"PutLogGroupDeletionProtection", &S::put_log_group_deletion_protection},
      {"PutMetricFilter", &S::put_metric_filter},
      {"PutQueryDefinition", &S::put_query_definition},
      {"PutResourcePolicy", &S::put_resource_policy},
      {"PutRetentionPolicy", &S::put_retention_policy},
      {"PutSubscriptionFilter", &S::put_subscription_filter},
      {"PutTransformer", &S::put_transformer},
      {"StartLiveTail", &S::start_live_tail},
      {"StartQuery", &S::start_query},
      {"StopQuery", &S::stop_query},
      {"TagLogGroup", &S::tag_log_group},
      {"TagResource", &S::tag_resource},
      {"TestMetricFilter", &S::test_metric_filter},
      {"TestTransformer", &S::test_transformer},
      {"UntagLogGroup", &S::untag_log_group},
      {"UntagResource", &S::untag_resource},
      {"UpdateDeliveryConfiguration", &S::update_delivery_configuration},
      {"UpdateLogAnomalyDetector", &S::update_log_anomaly_detector},
  };
  return {models::logs::service, "CloudWatch Logs", entries};
}

LogsService::LogsService(LogsDependencies d)
    : clock_(d.clock),
      settle_(std::move(d.settle)),
      ids_(d.ids),
      store_(d.journal, d.options),
      query_definitions_(d.journal, "logs_query_definitions"),
      resource_policies_(d.journal, "logs_resource_policies"),
      destinations_(d.journal, "logs_destinations"),
      account_policies_(d.journal, "logs_account_policies"),
      delivery_sources_(d.journal, "logs_delivery_sources"),
      delivery_destinations_(d.journal, "logs_delivery_destinations"),
      deliveries_(d.journal, "logs_deliveries"),
      anomaly_detectors_(d.journal, "logs_anomaly_detectors"),
      flush_timer_(&d.stopwatch, [this] { store_.flush(); }),
      subscription_target_(destinations_, d.subscribers),
      delivery_(d.clock, d.executor, d.subscribers != nullptr ? &subscription_target_ : nullptr),
      ingestion_(d.metrics, delivery_, account_subscriptions_),
      queries_(d.executor, store_, d.ids),
      live_tail_(d.clock, d.stopwatch) {
  store_.event_journal().on_pending([this] { flush_timer_.arm(); });
}

LogsService::~LogsService() {
  if (minute_timer_ != 0) clock_.cancel(minute_timer_);
}

const ErrorShape* LogsService::violation_error() const {
  return &models::logs::errors::InvalidParameterException;
}

Task<Result<Reply>> LogsService::call(Call call) {
  settle();
  return TableService::call(std::move(call));
}

std::uint64_t LogsService::open_stream(const Scope& scope, std::string_view group, std::string_view stream,
                                       Instant at) {
  return store_.open_stream(scope, group, stream, to_millis(at)).id;
}

bool LogsService::append(std::uint64_t stream_id, Instant time, std::string_view line) {
  LogStream* stream = store_.find_stream(stream_id);
  if (!stream) return false;
  const Millis at = to_millis(time);
  if (is_utf8(line)) {
    take_in(*stream, at, at, line, false);
  } else {
    take_in(*stream, at, at, to_utf8(line), false);
  }
  return true;
}

void LogsService::take_in(LogStream& stream, Millis timestamp, Millis ingested, std::string_view text,
                          bool promised) {
  const EventKey key = store_.append(stream, timestamp, ingested, text, promised);
  LogGroup& group = *stream.group;
  if (!live_tail_.idle()) live_tail_.on_event(group, stream.name, key, ingested, text);
  const bool waits = ingestion_.on_event(group, stream.name, key, text);
  if (waits && minute_timer_ == 0) close_minutes_later();
}

void LogsService::close_minutes_later() {
  const auto next = std::chrono::floor<std::chrono::minutes>(clock_.now()) + std::chrono::minutes(1);
  minute_timer_ = clock_.call_at(next, [this] {
    settle();
    minute_timer_ = 0;
    bool more = false;
    const Millis now = to_millis(clock_.now());
    store_.for_each_group([&](LogGroup& group) { more = ingestion_.close_minutes(group, now) || more; });
    if (more) close_minutes_later();
  });
}

void LogsService::restore() {
  store_.restore();
  query_definitions_.restore();
  resource_policies_.restore();
  for (auto* documents :
       {&destinations_, &delivery_sources_, &delivery_destinations_, &deliveries_, &anomaly_detectors_})
    documents->restore();
  restore_account_policies();
  const Millis now = to_millis(clock_.now());
  store_.for_each_group([&](LogGroup& group) { store_.expire(group, now); });
}

void LogsService::reset() {
  settle();
  if (minute_timer_ != 0) clock_.cancel(minute_timer_);
  minute_timer_ = 0;
  delivery_.clear();
  live_tail_.close();
  queries_.clear();
  store_.clear();
  query_definitions_.clear();
  resource_policies_.clear();
  for (auto* documents : {&destinations_, &account_policies_, &delivery_sources_, &delivery_destinations_,
                          &deliveries_, &anomaly_detectors_})
    documents->clear();
  account_subscriptions_.clear();
}

Task<> LogsService::stop() {
  live_tail_.close();
  co_await delivery_.stop();
  co_await queries_.stop();
}

void LogsService::write_down() {
  settle();
  flush_timer_.stop();
  store_.flush();
}

Json LogsService::counts() const {
  settle();
  Json counts = store_.counts();
  counts["dropped_deliveries"] = delivery_.dropped();
  return counts;
}

}  // namespace aviary::logs
