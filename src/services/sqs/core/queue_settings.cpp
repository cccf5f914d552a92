#include "services/sqs/core/queue_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bounded_json.hpp"
#include "services/sqs/core/errors.hpp"

namespace aviary::sqs {
namespace {

struct Number {
  std::string_view name;
  int QueueSettings::*member;
  int low;
  int high;
  int standard;
};
constexpr Number numbers[] = {
    {"DelaySeconds", &QueueSettings::delay, 0, 900, 0},
    {"MaximumMessageSize", &QueueSettings::maximum_size, 1024, 1'048'576, 1'048'576},
    {"MessageRetentionPeriod", &QueueSettings::retention, 60, 1'209'600, 345'600},
    {"ReceiveMessageWaitTimeSeconds", &QueueSettings::wait, 0, 20, 0},
    {"VisibilityTimeout", &QueueSettings::visibility_timeout, 0, 43'200, 30},
};
constexpr std::string_view computed[] = {"ApproximateNumberOfMessages",
                                         "ApproximateNumberOfMessagesDelayed",
                                         "ApproximateNumberOfMessagesNotVisible",
                                         "CreatedTimestamp",
                                         "LastModifiedTimestamp",
                                         "QueueArn"};
constexpr std::string_view others[] = {"All",
                                       "ContentBasedDeduplication",
                                       "DeduplicationScope",
                                       "FifoQueue",
                                       "FifoThroughputLimit",
                                       "Policy",
                                       "KmsDataKeyReusePeriodSeconds",
                                       "KmsMasterKeyId",
                                       "RedrivePolicy",
                                       "RedriveAllowPolicy",
                                       "SqsManagedSseEnabled"};

std::optional<int> to_int(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> to_bool(std::string_view text) {
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  return std::nullopt;
}

/// `maxReceiveCount` may be a number or a text of one.
std::optional<int> count_of(const Json& value) {
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    return number >= 0 && number <= 1'000'000 ? std::optional(static_cast<int>(number)) : std::nullopt;
  }
  return value.is_string() ? to_int(value.get_ref<const std::string&>()) : std::nullopt;
}

Result<RedrivePolicy> read_redrive(const std::string& text) {
  const auto refuse = [&](std::string_view reason) {
    return invalid_value_of("RedrivePolicy", text, reason);
  };
  const Json policy = parse_bounded<Json>(text);
  if (!policy.is_object()) return refuse("Redrive policy is not a valid JSON map.");
  if (!policy.contains("deadLetterTargetArn"))
    return refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.");
  if (!policy.contains("maxReceiveCount"))
    return refuse("Redrive policy does not contain mandatory attribute: maxReceiveCount.");
  const Json& target = policy.at("deadLetterTargetArn");
  if (!target.is_string() || parse_queue_arn(target.get_ref<const std::string&>()).name.empty())
    return refuse("Invalid value for deadLetterTargetArn.");
  const std::optional<int> count = count_of(policy.at("maxReceiveCount"));
  if (!count || *count < 1 || *count > 1000)
    return refuse(
        fmt::format("Invalid value for maxReceiveCount: {}, valid values are from 1 to 1000 both "
                    "inclusive.",
                    policy.at("maxReceiveCount").is_string() ? policy.at("maxReceiveCount").get<std::string>()
                                                             : policy.at("maxReceiveCount").dump()));
  return RedrivePolicy{.target = target, .max_receives = static_cast<std::uint32_t>(*count)};
}

Result<RedriveAllowPolicy> read_redrive_allow(const std::string& text) {
  const auto refuse = [&](std::string_view reason) {
    return invalid_value_of("RedriveAllowPolicy", text, reason);
  };
  const Json policy = parse_bounded<Json>(text);
  if (!policy.is_object()) return refuse("Redrive allow policy is not a valid JSON map.");
  RedriveAllowPolicy read;
  const Json permission = policy.value("redrivePermission", Json());
  if (!permission.is_string())
    return refuse("Redrive allow policy does not contain mandatory attribute: redrivePermission.");
  read.permission = permission;
  if (read.permission != "allowAll" && read.permission != "denyAll" && read.permission != "byQueue")
    return refuse("Amazon SQS can't create the redrive allow policy. The redrivePermission is invalid.");
  const Json sources = policy.value("sourceQueueArns", Json());
  if (read.permission == "byQueue") {
    if (!sources.is_array() || sources.empty() || sources.size() > 10)
      return refuse(
          "Amazon SQS can't create the redrive allow policy. It must have 1 to 10 sourceQueueArns.");
    for (const Json& source : sources) {
      if (!source.is_string() || parse_queue_arn(source.get_ref<const std::string&>()).name.empty())
        return refuse("Amazon SQS can't create the redrive allow policy. A source queue's ARN is invalid.");
      read.sources.push_back(source);
    }
  } else if (!sources.is_null()) {
    return refuse("Amazon SQS can't create the redrive allow policy. sourceQueueArns go with byQueue only.");
  }
  return read;
}

Result<> apply_fifo(QueueSettings& settings, const std::string& name, const std::string& value,
                    bool creating) {
  if (name == "FifoQueue") {
    if (!creating) return unknown_attribute(name);
    if (value != "true" && value != "True") return unknown_attribute(name);
    return {};
  }
  if (name == "ContentBasedDeduplication") {
    if (!settings.fifo) return unknown_attribute(name);
    const std::optional<bool> flag = to_bool(value);
    if (!flag) return invalid_attribute_value(name);
    settings.content_based_deduplication = *flag;
    return {};
  }
  if (!settings.fifo)
    return invalid_attribute_name(
        fmt::format("You can specify the {} only when FifoQueue is set to true.", name));
  if (name == "DeduplicationScope") {
    if (value != "queue" && value != "messageGroup") return invalid_attribute_value(name);
    settings.deduplication_per_group = value == "messageGroup";
    return {};
  }
  if (value != "perQueue" && value != "perMessageGroupId") return invalid_attribute_value(name);
  return {};
}

/// One attribute's value that is not empty.
Result<> apply_one(QueueSettings& settings, const std::string& name, const std::string& value,
                   bool creating) {
  for (const Number& number : numbers) {
    if (number.name != name) continue;
    const std::optional<int> seconds = to_int(value);
    if (!seconds || *seconds < number.low || *seconds > number.high) return invalid_attribute_value(name);
    settings.*number.member = *seconds;
    return {};
  }
  if (name == "FifoQueue" || name == "ContentBasedDeduplication" || name == "DeduplicationScope" ||
      name == "FifoThroughputLimit")
    return apply_fifo(settings, name, value, creating);
  if (name == "RedrivePolicy") {
    Result<RedrivePolicy> policy = read_redrive(value);
    if (!policy) return policy.error();
    settings.redrive = std::move(*policy);
    return {};
  }
  if (name == "RedriveAllowPolicy") {
    Result<RedriveAllowPolicy> policy = read_redrive_allow(value);
    if (!policy) return policy.error();
    settings.redrive_allow = std::move(*policy);
    return {};
  }
  if (name == "Policy" && !parse_bounded<Json>(value).is_object()) return invalid_attribute_value(name);
  if (name == "SqsManagedSseEnabled" && !to_bool(value)) return invalid_attribute_value(name);
  if (name == "KmsDataKeyReusePeriodSeconds") {
    const std::optional<int> seconds = to_int(value);
    if (!seconds || *seconds < 60 || *seconds > 86'400) return invalid_attribute_value(name);
  }
  return {};
}

/// An empty value takes an attribute back.
Result<> take_back(QueueSettings& settings, const std::string& name) {
  if (name == "RedrivePolicy")
    settings.redrive.reset();
  else if (name == "RedriveAllowPolicy")
    settings.redrive_allow = {};
  else if (name != "Policy" && name != "KmsMasterKeyId")
    return invalid_attribute_value(name);
  settings.given.erase(name);
  return {};
}

}  // namespace

bool RedriveAllowPolicy::allows(std::string_view source_arn) const {
  return permission == "allowAll" ||
         (permission == "byQueue" && std::ranges::find(sources, source_arn) != sources.end());
}

bool is_attribute_name(std::string_view name) {
  return std::ranges::find(computed, name) != std::end(computed) ||
         std::ranges::find(others, name) != std::end(others) ||
         std::ranges::find(numbers, name, &Number::name) != std::end(numbers);
}

Result<QueueSettings> apply_attributes(QueueSettings settings, const QueueId& id,
                                       const std::map<std::string, std::string>& attributes, bool creating) {
  if (creating) settings.fifo = id.name.ends_with(".fifo");
  for (const auto& [name, value] : attributes) {
    if (!is_attribute_name(name) || name == "All" || std::ranges::find(computed, name) != std::end(computed))
      return unknown_attribute(name);
    if (value.empty()) {
      if (const Result<> done = take_back(settings, name); !done) return done.error();
      continue;
    }
    if (const Result<> done = apply_one(settings, name, value, creating); !done) return done.error();
    settings.given[name] = value;
  }
  const auto sse = attributes.find("SqsManagedSseEnabled");
  const bool managed = sse != attributes.end() && to_bool(sse->second).value_or(false);
  const auto kms = settings.given.find("KmsMasterKeyId");
  if (managed && kms != settings.given.end())
    return invalid_attribute_name(
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
        "SQS SSE.");
  if (attributes.contains("KmsMasterKeyId") && kms != settings.given.end())
    settings.given["SqsManagedSseEnabled"] = "false";
  return settings;
}

std::map<std::string, std::string> rendered(const QueueSettings& settings) {
  std::map<std::string, std::string> all = settings.given;
  for (const Number& number : numbers)
    all[std::string(number.name)] = std::to_string(settings.*number.member);
  all.try_emplace("SqsManagedSseEnabled", "true");
  if (settings.fifo) {
    all["FifoQueue"] = "true";
    all["ContentBasedDeduplication"] = settings.content_based_deduplication ? "true" : "false";
    all.try_emplace("DeduplicationScope", "queue");
    all.try_emplace("FifoThroughputLimit", "perQueue");
  }
  if (const auto sse = all.find("SqsManagedSseEnabled"); sse != all.end())
    sse->second = to_bool(sse->second).value_or(true) ? "true" : "false";
  return all;
}

}  // namespace aviary::sqs
