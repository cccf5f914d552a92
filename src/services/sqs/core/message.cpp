#include "services/sqs/core/message.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/md5.hpp"

namespace aviary::sqs {
namespace {

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
std::string millis(Instant at) {
  return std::to_string(std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
}
Instant from_micros(const Json& json) { return Instant(Duration(json.get<std::int64_t>())); }

}  // namespace

std::string Message::sequence_number() const { return fmt::format("{:020}", number); }

std::map<std::string, std::string> system_attributes(const Message& message) {
  std::map<std::string, std::string> all{
      {"SenderId", message.content.sender},
      {"SentTimestamp", millis(message.sent)},
      {"ApproximateReceiveCount", std::to_string(message.receives)},
      {"ApproximateFirstReceiveTimestamp", millis(message.first_received)}};
  if (!message.content.group.empty()) all["MessageGroupId"] = message.content.group;
  if (!message.content.deduplication_id.empty()) {
    all["MessageDeduplicationId"] = message.content.deduplication_id;
    all["SequenceNumber"] = message.sequence_number();
  }
  if (!message.content.trace_header.empty()) all["AWSTraceHeader"] = message.content.trace_header;
  if (!message.dead_letter_source.empty()) all["DeadLetterQueueSourceArn"] = message.dead_letter_source;
  return all;
}

void to_json(Json& json, const Message& message) {
  const Draft& content = message.content;
  json = {{"number", message.number},
          {"id", message.id},
          {"body", content.body},
          {"sender", content.sender},
          {"sent", micros(message.sent)},
          {"state", static_cast<int>(message.state)},
          {"due", micros(message.due)},
          {"receives", message.receives},
          {"first", micros(message.first_received)},
          {"receipt", message.receipt}};
  if (!content.trace_header.empty()) json["trace"] = content.trace_header;
  if (!content.group.empty()) json["group"] = content.group;
  if (!content.deduplication_id.empty()) json["dedup"] = content.deduplication_id;
  if (!message.dead_letter_source.empty()) json["from"] = message.dead_letter_source;
  for (const auto& [name, attribute] : content.attributes)
    json["attributes"][name] = {attribute.data_type,
                                attribute.is_binary() ? base64_encode(attribute.value) : attribute.value};
}

void from_json(const Json& json, Message& message) {
  Draft& content = message.content;
  message.number = json.at("number");
  message.id = json.at("id");
  content.body = json.at("body");
  content.sender = json.at("sender");
  message.sent = from_micros(json.at("sent"));
  message.state = static_cast<Message::State>(json.at("state").get<int>());
  message.due = from_micros(json.at("due"));
  message.receives = json.at("receives");
  message.first_received = from_micros(json.at("first"));
  message.receipt = json.at("receipt");
  content.trace_header = json.value("trace", "");
  content.group = json.value("group", "");
  content.deduplication_id = json.value("dedup", "");
  message.dead_letter_source = json.value("from", "");
  if (json.contains("attributes")) {
    for (const auto& [name, pair] : json.at("attributes").items()) {
      MessageAttribute& attribute = content.attributes[name];
      attribute = {.data_type = pair.at(0), .value = pair.at(1)};
      if (attribute.is_binary()) attribute.value = base64_decode(attribute.value).value_or("");
    }
  }
  message.body_md5 = hex_encode(md5(content.body));
}

std::size_t size_of(const Draft& draft) {
  std::size_t size = draft.body.size();
  for (const auto& [name, attribute] : draft.attributes)
    size += name.size() + attribute.data_type.size() + attribute.value.size();
  return size;
}

}  // namespace aviary::sqs
