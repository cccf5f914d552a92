#include "services/s3/core/notification.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace aviary::s3 {
namespace {

struct Kind {
  const char* list;
  const char* arn;
};
constexpr Kind kinds[] = {{"LambdaFunctionConfigurations", "LambdaFunctionArn"},
                          {"QueueConfigurations", "QueueArn"},
                          {"TopicConfigurations", "TopicArn"}};

/// `s3:ObjectCreated:*` takes `ObjectCreated:Put`.
bool takes_event(std::string_view pattern, std::string_view event) {
  static constexpr std::string_view service = "s3:";
  if (pattern.starts_with(service)) pattern.remove_prefix(service.size());
  if (pattern.ends_with('*')) return event.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == event;
}

bool takes_key(const Json& configuration, std::string_view key) {
  const auto filter = configuration.find("Filter");
  if (filter == configuration.end() || !filter->contains("Key")) return true;
  for (const Json& rule : filter->at("Key").value("FilterRules", Json::array())) {
    std::string name = rule.value("Name", "");
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::string value = rule.value("Value", "");
    if (name == "prefix" && !key.starts_with(value)) return false;
    if (name == "suffix" && !key.ends_with(value)) return false;
  }
  return true;
}

/// As in a form: `+` for spaces, slashes kept.
std::string event_key(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == ' ') {
      out += '+';
    } else if (c == '/') {
      out += c;
    } else {
      out += percent_encode(std::string_view(&c, 1));
    }
  }
  return out;
}

}  // namespace

std::vector<Interested> interested_in(const Json& configuration, std::string_view event,
                                      std::string_view key) {
  std::vector<Interested> found;
  for (const Kind& kind : kinds) {
    for (const Json& each : configuration.value(kind.list, Json::array())) {
      const Json events = each.value("Events", Json::array());
      const bool wanted = std::ranges::any_of(events, [&](const Json& pattern) {
        return takes_event(pattern.get_ref<const std::string&>(), event);
      });
      if (wanted && takes_key(each, key)) found.push_back({each.value("Id", ""), each.value(kind.arn, "")});
    }
  }
  return found;
}

std::vector<std::string> targets_of(const Json& configuration) {
  std::vector<std::string> targets;
  for (const Kind& kind : kinds)
    for (const Json& each : configuration.value(kind.list, Json::array()))
      targets.push_back(each.value(kind.arn, ""));
  return targets;
}

std::string event_text(const Bucket& bucket, const ObjectVersion& version, const EventFacts& facts) {
  OrderedJson object{{"key", event_key(facts.key)}};
  if (!version.delete_marker && facts.event.starts_with("ObjectCreated")) {
    object["size"] = version.size;
    object["eTag"] = version.etag;
  }
  if (!bucket.versioning.empty()) object["versionId"] = version.version_id;
  object["sequencer"] = fmt::format("{:018X}", version.serial);
  OrderedJson record{
      {"eventVersion", "2.1"},
      {"eventSource", "aws:s3"},
      {"awsRegion", bucket.region},
      {"eventTime", iso8601(facts.now)},
      {"eventName", facts.event},
      {"userIdentity", {{"principalId", bucket.account}}},
      {"requestParameters", {{"sourceIPAddress", "127.0.0.1"}}},
      {"responseElements", {{"x-amz-request-id", facts.request_id}, {"x-amz-id-2", facts.request_id}}},
      {"s3",
       {{"s3SchemaVersion", "1.0"},
        {"configurationId", facts.configuration_id},
        {"bucket",
         {{"name", bucket.name},
          {"ownerIdentity", {{"principalId", bucket.account}}},
          {"arn", fmt::format("arn:aws:s3:::{}", bucket.name)}}},
        {"object", std::move(object)}}}};
  OrderedJson text;
  text["Records"].push_back(std::move(record));
  return text.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace aviary::s3
