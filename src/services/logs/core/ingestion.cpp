#include "services/logs/core/ingestion.hpp"

#include "services/logs/core/embedded_metrics.hpp"
#include "services/logs/core/pattern_rules.hpp"

namespace aviary::logs {
namespace {

constexpr Millis minute = 60'000;

constexpr Millis minute_of(Millis at) { return at - at % minute; }

bool has_columns(const Extracted& fields) {
  return !fields.empty() && !fields.front().first.starts_with("$.");
}

/// An event as filters see it: as it came, or as the group's transformer has it, made when first asked for.
class TwoVersions {
 public:
  TwoVersions(const LogGroup& group, std::string_view stream, std::string_view text)
      : group_(group), stream_(stream), text_(text) {}

  /// Nothing if the filter wants the transformed event and the transformer could not make it.
  std::optional<std::string_view> seen_by(bool on_transformed) {
    if (!on_transformed || !group_.transformer) return text_;
    if (!is_made_) {
      const EventOrigin origin{text_, group_.name, stream_, group_.scope.account, group_.scope.region};
      transformed_ = group_.transformer->transformer.transform(origin);
      is_made_ = true;
    }
    return transformed_ ? std::optional<std::string_view>(*transformed_) : std::nullopt;
  }

 private:
  const LogGroup& group_;
  std::string_view stream_;
  std::string_view text_;
  bool is_made_ = false;
  std::optional<std::string> transformed_;
};

}  // namespace

bool Ingestion::on_event(LogGroup& group, std::string_view stream, EventKey key, std::string_view text) {
  if (metrics_ && may_embed_metrics(text)) publish_embedded_metrics(group, key.timestamp, text, *metrics_);
  TwoVersions versions(group, stream, text);
  for (const SubscriptionFilter& filter : group.subscriptions)
    if (const auto seen = versions.seen_by(filter.on_transformed))
      on_subscription(group, filter, stream, key, *seen);
  if (const SubscriptionFilter* filter = of_accounts_.find(group))
    on_subscription(group, *filter, stream, key, text);
  bool waits = false;
  if (!metrics_) return waits;
  for (MetricFilter& filter : group.metric_filters) {
    if (const auto seen = versions.seen_by(filter.on_transformed))
      on_metric_filter(group, filter, key, *seen);
    waits = waits || filter.minute >= 0;
  }
  return waits;
}

void Ingestion::on_subscription(const LogGroup& group, const SubscriptionFilter& filter,
                                std::string_view stream, EventKey key, std::string_view text) {
  if (!filter.pattern.matches(text)) return;
  Extracted fields = filter.pattern.extract(text);
  if (!has_columns(fields)) fields.clear();
  subscribers_.add(group, filter, stream, {key, std::string(text), std::move(fields)});
}

void Ingestion::on_metric_filter(const LogGroup& group, MetricFilter& filter, EventKey key,
                                 std::string_view text) {
  const bool matches = filter.pattern.matches(text);
  const MetricTransformation& made = filter.transformation;
  if (made.default_value) {
    const Millis now = minute_of(key.timestamp);
    if (filter.minute >= 0 && filter.minute < now) {
      if (!filter.matched) put(group, filter, filter.minute, *made.default_value, {});
      filter.minute = -1;
    }
    if (filter.minute < 0) {
      filter.minute = now;
      filter.matched = false;
    }
    filter.matched = filter.matched || matches;
  }
  if (!matches) return;
  std::optional<double> value = parse_number(made.value);
  if (!value) {
    const std::optional<std::string> drawn = filter.pattern.value(text, made.value);
    if (drawn) value = parse_number(*drawn);
  }
  // "If the value is not numeric, nothing is reported for this event."
  if (!value) return;
  std::vector<std::pair<std::string, std::string>> dimensions;
  for (const auto& [name, selector] : made.dimensions) {
    std::optional<std::string> drawn = filter.pattern.value(text, selector);
    // Without one of its dimensions the event gives no metric.
    if (!drawn || drawn->empty()) return;
    dimensions.emplace_back(name, std::move(*drawn));
  }
  put(group, filter, key.timestamp, *value, dimensions);
}

bool Ingestion::close_minutes(LogGroup& group, Millis now) {
  bool more = false;
  for (MetricFilter& filter : group.metric_filters) {
    if (filter.minute < 0) continue;
    if (filter.minute + minute > now) {
      more = true;
      continue;
    }
    if (!filter.matched && metrics_)
      put(group, filter, filter.minute, *filter.transformation.default_value, {});
    filter.minute = -1;
  }
  return more;
}

void Ingestion::put(const LogGroup& group, const MetricFilter& filter, Millis at, double value,
                    const std::vector<std::pair<std::string, std::string>>& dimensions) {
  const MetricTransformation& made = filter.transformation;
  metrics_->put({group.scope, made.name_space, made.name, dimensions, made.unit, at, value, false});
}

}  // namespace aviary::logs
