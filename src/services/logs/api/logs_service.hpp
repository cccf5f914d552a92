#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/clock.hpp"
#include "ports/flush_timer.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/scoped_documents.hpp"
#include "services/logs/api/live_tail.hpp"
#include "services/logs/core/account_subscriptions.hpp"
#include "services/logs/core/ingestion.hpp"
#include "services/logs/core/log_store.hpp"
#include "services/logs/core/metric_sink.hpp"
#include "services/logs/core/subscription_target.hpp"
#include "services/logs/jobs/destination_target.hpp"
#include "services/logs/jobs/insights_queries.hpp"
#include "services/logs/jobs/subscription_delivery.hpp"

namespace aviary::logs {

/// Everything that the service takes from outside; all of it outlives the service.
struct LogsDependencies {
  Clock& clock;
  Stopwatch& stopwatch;  ///< what people watch goes on in real time
  Random& ids;           ///< of queries and sessions
  Journal& journal;
  boost::asio::any_io_executor executor;      ///< the loop
  MetricSink* metrics = nullptr;              ///< null: metric filters publish nothing
  SubscriptionTarget* subscribers = nullptr;  ///< null: nothing can be subscribed
  /// Has whoever gathers lines before handing them over do that now: called before anything is read or
  /// changed. Empty: nobody does.
  std::function<void()> settle{};
  LogStore::Options options{};
};

/// Amazon CloudWatch Logs as the gateway sees it. Owns all state of the service; lives on the loop's thread.
class LogsService final : public TableService<LogsService> {
 public:
  explicit LogsService(LogsDependencies dependencies);
  ~LogsService() override;

  static OperationTable<LogsService> operations();
  const ErrorShape* violation_error() const override;

  /// The fast way in, for what writes much: names are looked up once. Group and stream are made if they are
  /// missing.
  /// `at`: when they were first written to.
  std::uint64_t open_stream(const Scope& scope, std::string_view group, std::string_view stream, Instant at);
  /// One event, as it is, at that moment. False when the stream has gone: open it again.
  bool append(std::uint64_t stream, Instant time, std::string_view line);

  /// Reads state back from the journal; once, before the first call.
  Task<Result<Reply>> call(Call call) override;
  void restore() override;
  /// Forgets everything. Whoever resets the emulator clears the journal.
  void reset() override;
  /// No background work starts any more; completes when none is left. Before destruction.
  Task<> stop() override;
  /// Everything has come to its end, also what outlasted `stop`: what was to be written later is written now.
  void write_down();
  /// For `/_aviary/info`: what there is, what it takes, what was dropped.
  Json counts() const override;

 private:
  using Answer = Task<Result<Reply>>;

  // groups.cpp
  Result<Reply> create_log_group(Call& call);
  Result<Reply> delete_log_group(Call& call);
  Result<Reply> describe_log_groups(Call& call);
  Result<Reply> put_retention_policy(Call& call);
  Result<Reply> delete_retention_policy(Call& call);
  Result<Reply> put_log_group_deletion_protection(Call& call);
  // tags.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags_for_resource(Call& call);
  Result<Reply> tag_log_group(Call& call);
  Result<Reply> untag_log_group(Call& call);
  Result<Reply> list_tags_log_group(Call& call);
  // streams.cpp
  Result<Reply> create_log_stream(Call& call);
  Result<Reply> delete_log_stream(Call& call);
  Result<Reply> describe_log_streams(Call& call);
  // put_log_events.cpp
  Result<Reply> put_log_events(Call& call);
  // events.cpp
  Result<Reply> get_log_events(Call& call);
  Answer filter_log_events(Call call);
  // subscription_filters.cpp
  Answer put_subscription_filter(Call call);
  Result<Reply> delete_subscription_filter(Call& call);
  Result<Reply> describe_subscription_filters(Call& call);
  // metric_filters.cpp
  Result<Reply> put_metric_filter(Call& call);
  Result<Reply> delete_metric_filter(Call& call);
  Result<Reply> describe_metric_filters(Call& call);
  Result<Reply> test_metric_filter(Call& call);
  // start_live_tail.cpp
  Result<Reply> start_live_tail(Call& call);
  // insights.cpp
  Result<Reply> start_query(Call& call);
  Result<Reply> get_query_results(Call& call);
  Result<Reply> stop_query(Call& call);
  Result<Reply> describe_queries(Call& call);

  // query_definitions.cpp
  Result<Reply> put_query_definition(Call& call);
  Result<Reply> describe_query_definitions(Call& call);
  Result<Reply> delete_query_definition(Call& call);
  // resource_policies.cpp
  Result<Reply> put_resource_policy(Call& call);
  Result<Reply> describe_resource_policies(Call& call);
  Result<Reply> delete_resource_policy(Call& call);
  // destinations.cpp
  Answer put_destination(Call call);
  Result<Reply> put_destination_policy(Call& call);
  Result<Reply> describe_destinations(Call& call);
  Result<Reply> delete_destination(Call& call);
  // account_policies.cpp
  Answer put_account_policy(Call call);
  Result<Reply> describe_account_policies(Call& call);
  Result<Reply> delete_account_policy(Call& call);
  void restore_account_policies();
  // deliveries.cpp
  Result<Reply> put_delivery_source(Call& call);
  Result<Reply> get_delivery_source(Call& call);
  Result<Reply> describe_delivery_sources(Call& call);
  Result<Reply> delete_delivery_source(Call& call);
  Result<Reply> put_delivery_destination(Call& call);
  Result<Reply> get_delivery_destination(Call& call);
  Result<Reply> describe_delivery_destinations(Call& call);
  Result<Reply> delete_delivery_destination(Call& call);
  Result<Reply> put_delivery_destination_policy(Call& call);
  Result<Reply> get_delivery_destination_policy(Call& call);
  Result<Reply> delete_delivery_destination_policy(Call& call);
  Result<Reply> create_delivery(Call& call);
  Result<Reply> get_delivery(Call& call);
  Result<Reply> describe_deliveries(Call& call);
  Result<Reply> update_delivery_configuration(Call& call);
  Result<Reply> delete_delivery(Call& call);
  bool has_deliveries(const char* member, const std::string& value) const;
  // transformers.cpp
  Result<Reply> put_transformer(Call& call);
  Result<Reply> get_transformer(Call& call);
  Result<Reply> delete_transformer(Call& call);
  Result<Reply> test_transformer(Call& call);
  // anomaly_detectors.cpp
  Result<Reply> create_log_anomaly_detector(Call& call);
  Result<Reply> get_log_anomaly_detector(Call& call);
  Result<Reply> list_log_anomaly_detectors(Call& call);
  Result<Reply> update_log_anomaly_detector(Call& call);
  Result<Reply> delete_log_anomaly_detector(Call& call);

  // subscription_filters.cpp
  /// Whether a filter may name its destination at all.
  Result<> check_subscription(const SubscriptionFilter& filter, const Call& call) const;
  static AwsError cannot_reach(const std::string& arn);
  // tags.cpp
  class Tagged;
  /// What is tagged and is no group: the kind that the ARN says. Null if it is of no such kind.
  ScopedDocuments<Scope>* documents_of(std::string_view arn);

  /// `promised`: as `LogStore::append` has it.
  void take_in(LogStream& stream, Millis timestamp, Millis ingested, std::string_view text, bool promised);
  /// Default values of metric filters are reported when their minute is over.
  void close_minutes_later();
  void settle() const {
    if (settle_) settle_();
  }

  Clock& clock_;
  std::function<void()> settle_;
  Random& ids_;
  LogStore store_;
  ScopedDocuments<Scope> query_definitions_;
  ScopedDocuments<Scope> resource_policies_;
  ScopedDocuments<Scope> destinations_;
  ScopedDocuments<Scope> account_policies_;
  ScopedDocuments<Scope> delivery_sources_;
  ScopedDocuments<Scope> delivery_destinations_;
  ScopedDocuments<Scope> deliveries_;
  ScopedDocuments<Scope> anomaly_detectors_;
  AccountSubscriptions account_subscriptions_;
  FlushTimer flush_timer_;
  DestinationTarget subscription_target_;
  SubscriptionDelivery delivery_;
  Ingestion ingestion_;
  InsightsQueries queries_;
  LiveTail live_tail_;
  TimerId minute_timer_ = 0;
};

}  // namespace aviary::logs
