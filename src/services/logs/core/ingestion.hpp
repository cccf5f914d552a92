#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/logs/core/account_subscriptions.hpp"
#include "services/logs/core/log_group.hpp"
#include "services/logs/core/metric_sink.hpp"
#include "services/logs/core/payload.hpp"

namespace aviary::logs {

/// Takes what matches a subscription filter, in the order of arrival.
class Subscribers {
 public:
  virtual ~Subscribers() = default;
  virtual void add(const LogGroup& group, const SubscriptionFilter& filter, std::string_view stream,
                   SubscribedEvent event) = 0;
};

/// What is made of each event that comes in: metrics that it carries, and what the group's filters find.
class Ingestion {
 public:
  Ingestion(MetricSink* metrics, Subscribers& subscribers, const AccountSubscriptions& of_accounts)
      : metrics_(metrics), subscribers_(subscribers), of_accounts_(of_accounts) {}

  /// Answers whether a default value may be due when the minute is over.
  bool on_event(LogGroup& group, std::string_view stream, EventKey key, std::string_view text);
  /// Reports default values of minutes that are over. Answers whether some are still to come.
  bool close_minutes(LogGroup& group, Millis now);

 private:
  void on_subscription(const LogGroup& group, const SubscriptionFilter& filter, std::string_view stream,
                       EventKey key, std::string_view text);
  void on_metric_filter(const LogGroup& group, MetricFilter& filter, EventKey key, std::string_view text);
  void put(const LogGroup& group, const MetricFilter& filter, Millis at, double value,
           const std::vector<std::pair<std::string, std::string>>& dimensions);

  MetricSink* metrics_;
  Subscribers& subscribers_;
  const AccountSubscriptions& of_accounts_;
};

}  // namespace aviary::logs
