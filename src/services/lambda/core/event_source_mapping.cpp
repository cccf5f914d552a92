#include "services/lambda/core/event_source_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {

SourceKind source_kind(std::string_view arn) {
  const auto is_of = [arn](std::string_view service) {
    // `arn:aws:sqs:…`, in whatever partition.
    const std::size_t partition = arn.find(':', 4);
    return arn.starts_with("arn:") && partition != std::string_view::npos &&
           arn.substr(partition + 1).starts_with(service);
  };
  if (is_of("sqs:")) return SourceKind::Queue;
  if (is_of("kinesis:")) return SourceKind::Kinesis;
  if (is_of("dynamodb:")) return SourceKind::DynamoDb;
  if (is_of("kafka:")) return SourceKind::Kafka;
  return SourceKind::Other;
}

std::string EventSourceMapping::arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:event-source-mapping:{}", scope.region, scope.account, uuid);
}

std::string EventSourceMapping::function_arn() const {
  return lambda::function_arn(scope, function, qualifier);
}

std::string EventSourceMapping::state(Instant now) const {
  if (in_transition(now)) return transition;
  return enabled ? "Enabled" : "Disabled";
}

std::vector<EventPattern> EventSourceMapping::patterns() const {
  std::vector<EventPattern> patterns;
  for (const std::string& filter : filters) {
    auto parsed = EventPattern::parse(std::string_view(filter));
    if (auto* pattern = std::get_if<EventPattern>(&parsed)) patterns.push_back(std::move(*pattern));
  }
  return patterns;
}

namespace {

Json kafka_json(const KafkaSettings& kafka) {
  Json json{{"servers", kafka.servers},
            {"topics", kafka.topics},
            {"group", kafka.group},
            {"window", kafka.window_given},
            {"access", Json::array()}};
  for (const KafkaSettings::Access& each : kafka.access) json["access"].push_back({each.type, each.uri});
  return json;
}

KafkaSettings kafka_settings(const Json& json) {
  KafkaSettings kafka{.servers = json.at("servers").get<std::vector<std::string>>(),
                      .topics = json.at("topics").get<std::vector<std::string>>(),
                      .group = json.at("group").get<std::string>(),
                      .window_given = json.at("window").get<bool>()};
  for (const Json& each : json.at("access"))
    kafka.access.push_back({each.at(0).get<std::string>(), each.at(1).get<std::string>()});
  return kafka;
}

}  // namespace

void to_json(Json& json, const EventSourceMapping& mapping) {
  json = {{"account", mapping.scope.account},
          {"region", mapping.scope.region},
          {"function", mapping.function},
          {"qualifier", mapping.qualifier},
          {"source", mapping.source},
          {"enabled", mapping.enabled},
          {"modified", mapping.modified.time_since_epoch().count()},
          {"tags", mapping.tags},
          {"batch", mapping.batch_size},
          {"window", mapping.window},
          {"filters", mapping.filters},
          {"reports", mapping.reports_failures}};
  if (mapping.maximum_concurrency) json["concurrency"] = *mapping.maximum_concurrency;
  if (!mapping.recorded.empty()) json["recorded"] = mapping.recorded;
  if (mapping.kafka) json["kafka"] = kafka_json(*mapping.kafka);
  if (!mapping.is_stream() && !mapping.is_kafka()) return;
  json["stream"] = {{"from", mapping.starting_position},   {"parallel", mapping.parallelization},
                    {"tumbling", mapping.tumbling_window}, {"retries", mapping.maximum_retries},
                    {"age", mapping.maximum_record_age},   {"bisects", mapping.bisects},
                    {"on_failure", mapping.on_failure}};
  if (mapping.starting_timestamp)
    json["stream"]["timestamp"] = mapping.starting_timestamp->time_since_epoch().count();
}

void from_json(const Json& json, EventSourceMapping& mapping) {
  mapping.scope = {.account = json.at("account"), .region = json.at("region")};
  mapping.function = json.at("function");
  mapping.qualifier = json.at("qualifier");
  mapping.source = json.at("source");
  mapping.enabled = json.at("enabled");
  mapping.modified = Instant(Duration(json.at("modified").get<std::int64_t>()));
  mapping.tags = json.at("tags").get<std::map<std::string, std::string>>();
  mapping.batch_size = json.at("batch");
  mapping.window = json.at("window");
  mapping.filters = json.at("filters").get<std::vector<std::string>>();
  mapping.reports_failures = json.at("reports");
  if (json.contains("concurrency")) mapping.maximum_concurrency = json.at("concurrency").get<int>();
  if (json.contains("recorded")) mapping.recorded = json.at("recorded");
  if (json.contains("kafka")) mapping.kafka = kafka_settings(json.at("kafka"));
  if (!json.contains("stream")) return;
  const Json& stream = json.at("stream");
  mapping.starting_position = stream.at("from");
  mapping.parallelization = stream.at("parallel");
  mapping.tumbling_window = stream.at("tumbling");
  mapping.maximum_retries = stream.at("retries");
  mapping.maximum_record_age = stream.at("age");
  mapping.bisects = stream.at("bisects");
  mapping.on_failure = stream.at("on_failure");
  if (stream.contains("timestamp"))
    mapping.starting_timestamp = Instant(Duration(stream.at("timestamp").get<std::int64_t>()));
}

namespace {

/// A record as patterns see it.
struct FilterView {
  Json record;
  const char* content = nullptr;  ///< the member whose text may be JSON; null: there is none
};

FilterView filter_view(SourceKind kind, const OrderedJson& record) {
  FilterView view{.record = Json::parse(record.dump(-1, ' ', false, OrderedJson::error_handler_t::replace))};
  if (kind == SourceKind::Queue) view.content = "body";
  if (kind == SourceKind::Kafka) {
    // `value` stands for what it encodes, which has to be text:
    // https://docs.aws.amazon.com/lambda/latest/dg/kafka-filtering.html
    view.content = "value";
    std::string value = base64_decode(view.record.value("value", "")).value_or("");
    view.record["value"] = is_utf8(value) ? std::move(value) : std::string();
    return view;
  }
  const auto kinesis = view.record.find("kinesis");
  if (kind != SourceKind::Kinesis || kinesis == view.record.end()) return view;
  // Patterns name the members of `kinesis` without it, and `data` stands for what it encodes:
  // https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
  view.content = "data";
  Json members = *kinesis;
  view.record.update(members);
  std::string data = base64_decode(members.value("data", "")).value_or("");
  view.record["data"] = is_utf8(data) ? std::move(data) : std::string();
  return view;
}

/// A pattern that looks into the content passes nothing whose content is no JSON, and one that takes it for a
/// text nothing whose content is JSON:
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
bool passes_filter(const EventPattern& pattern, const FilterView& view, const Json& parsed) {
  if (view.content == nullptr) return pattern.matches(view.record);
  const Json& document = pattern.document();
  const auto content = document.find(view.content);
  if (content == document.end() || !content->is_object()) {
    if (content != document.end() && parsed.is_structured()) return false;
    return pattern.matches(view.record);
  }
  if (!parsed.is_structured()) return false;
  Json with_content = view.record;
  with_content[view.content] = parsed;
  return pattern.matches(with_content);
}

}  // namespace

bool passes_filters(SourceKind kind, const std::vector<EventPattern>& patterns, const OrderedJson& record) {
  if (patterns.empty()) return true;
  const FilterView view = filter_view(kind, record);
  const Json parsed = view.content ? parse_bounded<Json>(view.record.value(view.content, "")) : Json();
  return std::ranges::any_of(patterns,
                             [&](const EventPattern& each) { return passes_filter(each, view, parsed); });
}

std::optional<std::vector<std::string>> failed_items(std::string_view answer,
                                                     const std::vector<std::string>& item_ids) {
  std::vector<std::string> failed;
  if (answer.empty()) return failed;
  const Json document = parse_bounded<Json>(answer);
  if (document.is_null() || document == "") return failed;
  if (!document.is_object()) return document.is_discarded() ? std::nullopt : std::optional(failed);
  const auto list = document.find("batchItemFailures");
  if (list == document.end() || list->is_null()) return failed;
  if (!list->is_array()) return std::nullopt;
  for (const Json& item : *list) {
    if (!item.is_object()) return std::nullopt;
    const auto id = item.find("itemIdentifier");
    if (id == item.end() || !id->is_string()) return std::nullopt;
    const std::string& text = id->get_ref<const std::string&>();
    if (std::ranges::find(item_ids, text) == item_ids.end()) return std::nullopt;
    failed.push_back(text);
  }
  return failed;
}

}  // namespace aviary::lambda
