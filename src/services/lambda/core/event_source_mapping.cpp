#include "services/lambda/core/event_source_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "services/lambda/core/function_reference.hpp"

namespace aviary::lambda {

bool EventSourceMapping::is_queue() const { return source.find(":sqs:") != std::string::npos; }

std::string EventSourceMapping::arn() const {
  return fmt::format("arn:aws:lambda:{}:{}:event-source-mapping:{}", scope.region, scope.account, uuid);
}

std::string EventSourceMapping::function_arn() const {
  return lambda::function_arn(scope, function, qualifier);
}

std::string EventSourceMapping::state(Instant now) const {
  if (!transition.empty() && now < settles) return transition;
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
}

namespace {

/// A pattern that looks into the body passes nothing whose body is no JSON, and one that takes it for a text
/// nothing whose body is JSON:
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
bool passes_filter(const EventPattern& pattern, const Json& record, const Json& parsed_body) {
  const Json& document = pattern.document();
  const auto body = document.find("body");
  if (body == document.end() || !body->is_object()) {
    if (body != document.end() && parsed_body.is_structured()) return false;
    return pattern.matches(record);
  }
  if (!parsed_body.is_structured()) return false;
  Json with_body = record;
  with_body["body"] = parsed_body;
  return pattern.matches(with_body);
}

}  // namespace

bool passes_filters(const std::vector<EventPattern>& patterns, const OrderedJson& record) {
  if (patterns.empty()) return true;
  const Json plain = Json::parse(record.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
  const Json body = Json::parse(plain.value("body", ""), nullptr, false);
  return std::ranges::any_of(patterns,
                             [&](const EventPattern& each) { return passes_filter(each, plain, body); });
}

std::optional<std::vector<std::string>> failed_items(std::string_view answer,
                                                     const std::vector<std::string>& item_ids) {
  std::vector<std::string> failed;
  if (answer.empty()) return failed;
  const Json document = Json::parse(answer, nullptr, false);
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
