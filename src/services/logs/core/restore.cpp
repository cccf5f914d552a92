#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "services/logs/core/log_store.hpp"

/// What is written for a group and a stream, and how it is read back. Filters are few and change together
/// with their group: they are in its record.
namespace aviary::logs {
namespace {

Json to_record(const SubscriptionFilter& filter) {
  return {{"name", filter.name},
          {"pattern", filter.pattern_text},
          {"destination", filter.destination_arn},
          {"role", filter.role_arn},
          {"distribution", filter.distribution},
          {"transformed", filter.on_transformed},
          {"created", filter.created}};
}

Json to_record(const MetricFilter& filter) {
  const MetricTransformation& made = filter.transformation;
  Json record{{"name", filter.name}, {"pattern", filter.pattern_text},     {"created", filter.created},
              {"metric", made.name}, {"namespace", made.name_space},       {"value", made.value},
              {"unit", made.unit},   {"dimensions", Json(made.dimensions)}};
  record["transformed"] = filter.on_transformed;
  if (made.default_value) record["default"] = *made.default_value;
  return record;
}

FilterPattern pattern_from(const std::string& text) {
  Result<FilterPattern> pattern = FilterPattern::parse(text);
  if (pattern) return std::move(*pattern);
  // Only if the language lost a word since: then nothing of it would have been accepted.
  log::error("a filter pattern of an earlier run is refused now: {}", text);
  return {};
}

SubscriptionFilter subscription_from(const Json& record) {
  SubscriptionFilter filter;
  record.at("name").get_to(filter.name);
  record.at("pattern").get_to(filter.pattern_text);
  record.at("destination").get_to(filter.destination_arn);
  record.at("role").get_to(filter.role_arn);
  record.at("distribution").get_to(filter.distribution);
  record.at("created").get_to(filter.created);
  filter.on_transformed = record.value("transformed", false);
  filter.pattern = pattern_from(filter.pattern_text);
  return filter;
}

MetricFilter metric_filter_from(const Json& record) {
  MetricFilter filter;
  record.at("name").get_to(filter.name);
  record.at("pattern").get_to(filter.pattern_text);
  record.at("created").get_to(filter.created);
  MetricTransformation& made = filter.transformation;
  record.at("metric").get_to(made.name);
  record.at("namespace").get_to(made.name_space);
  record.at("value").get_to(made.value);
  record.at("unit").get_to(made.unit);
  record.at("dimensions").get_to(made.dimensions);
  if (const auto value = record.find("default"); value != record.end())
    made.default_value = value->get<double>();
  filter.on_transformed = record.value("transformed", false);
  filter.pattern = pattern_from(filter.pattern_text);
  return filter;
}

std::optional<GroupTransformer> transformer_from(const Json& record) {
  GroupTransformer made{.config = record.at("config"),
                        .created = record.at("created").get<Millis>(),
                        .modified = record.at("modified").get<Millis>(),
                        .transformer = {}};
  Result<Transformer> transformer = Transformer::parse(made.config);
  if (!transformer) {
    log::error("a transformer of an earlier run is refused now: {}", transformer.error().message);
    return std::nullopt;
  }
  made.transformer = std::move(*transformer);
  return made;
}

}  // namespace

void LogStore::save(const LogGroup& group) {
  Json record{
      {"account", group.scope.account}, {"region", group.scope.region},           {"name", group.name},
      {"created", group.created},       {"retention", group.retention_days},      {"class", group.log_class},
      {"kms", group.kms_key},           {"protected", group.deletion_protection}, {"tags", group.tags}};
  Json& subscriptions = record["subscriptions"] = Json::array();
  for (const SubscriptionFilter& filter : group.subscriptions) subscriptions.push_back(to_record(filter));
  Json& metric_filters = record["metric_filters"] = Json::array();
  for (const MetricFilter& filter : group.metric_filters) metric_filters.push_back(to_record(filter));
  if (const auto& made = group.transformer)
    record["transformer"] = {
        {"config", made->config}, {"created", made->created}, {"modified", made->modified}};
  group_records_.save(fmt::format("{}:{}:{}", group.scope.account, group.scope.region, group.name), record);
}

void LogStore::restore() {
  group_records_.load([this](std::string_view, const Json& record) {
    const Scope scope{record.at("account").get<std::string>(), record.at("region").get<std::string>()};
    LogGroup& group =
        *create_group(scope, record.at("name").get<std::string>(), record.at("created").get<Millis>());
    record.at("retention").get_to(group.retention_days);
    record.at("class").get_to(group.log_class);
    record.at("kms").get_to(group.kms_key);
    record.at("protected").get_to(group.deletion_protection);
    record.at("tags").get_to(group.tags);
    for (const Json& filter : record.at("subscriptions"))
      group.subscriptions.push_back(subscription_from(filter));
    for (const Json& filter : record.at("metric_filters"))
      group.metric_filters.push_back(metric_filter_from(filter));
    if (const auto made = record.find("transformer"); made != record.end())
      group.transformer = transformer_from(*made);
  });
  std::vector<std::pair<LogGroup*, Json>> unnumbered;  // of a version that kept no events
  stream_records_.load([&](std::string_view, const Json& record) {
    const Scope scope{record.at("account").get<std::string>(), record.at("region").get<std::string>()};
    LogGroup* group = find_group(scope, record.at("group").get<std::string>());
    if (!group) return;
    if (!record.contains("id")) {
      unnumbered.emplace_back(group, record);
      return;
    }
    const auto id = record.at("id").get<std::uint64_t>();
    next_stream_ = std::max(next_stream_, id + 1);
    add_stream(*group, record.at("name").get<std::string>(), record.at("created").get<Millis>(),
               record.at("implicit").get<bool>(), id);
  });
  event_journal_.load([this](std::uint64_t id, const Event& event) {
    // Also of what has gone since: no number is given twice.
    next_stream_ = std::max(next_stream_, id + 1);
    next_sequence_ = std::max(next_sequence_, event.key.sequence + 1);
    if (LogStream* stream = find_stream(id)) place(*stream, event);
  });
  for (const auto& [group, record] : unnumbered)
    add_stream(*group, record.at("name").get<std::string>(), record.at("created").get<Millis>(), false,
               next_stream_++);
  // Those made for events that are no more.
  std::vector<LogStream*> bare;
  for (const auto& [id, stream] : streams_)
    if (stream->implicit && stream->chunks.empty()) bare.push_back(stream);
  for (LogStream* stream : bare) erase_stream(*stream);
}

}  // namespace aviary::logs
