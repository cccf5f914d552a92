#include <fmt/format.h>

#include <algorithm>

#include "models/sqs.hpp"
#include "services/sqs/api/input.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::sqs {
namespace {

constexpr std::size_t in_flight_at_most = 120'000;
constexpr Duration attempt_is_good_for = std::chrono::minutes(5);

bool wanted(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& each) { return each == "All" || each == name; });
}

/// `All`, `.*`, `*`, a name, or the beginning of one: `prefix.*`.
bool attribute_wanted(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& each) {
    if (each == "All" || each == ".*" || each == "*" || each == name) return true;
    return each.size() > 2 && each.ends_with(".*") &&
           name.starts_with(std::string_view(each).substr(0, each.size() - 2));
  });
}

Json chosen_system_attributes(const Message& message, const std::vector<std::string>& names) {
  Json chosen = Json::object();
  for (const auto& [name, value] : system_attributes(message))
    if (wanted(names, name)) chosen[name] = value;
  return chosen;
}

Json render(const Received& received, const std::vector<std::string>& system_names,
            const std::vector<std::string>& names) {
  const Message& message = received.message;
  Json output{{"MessageId", message.id},
              {"ReceiptHandle", received.receipt_handle},
              {"MD5OfBody", message.body_md5},
              {"Body", message.content.body}};
  if (Json system = chosen_system_attributes(message, system_names); !system.empty())
    output["Attributes"] = std::move(system);
  MessageAttributes chosen;
  for (const auto& [name, attribute] : message.content.attributes)
    if (attribute_wanted(names, name)) chosen.emplace(name, attribute);
  if (chosen.empty()) return output;
  output["MD5OfMessageAttributes"] = attributes_md5(chosen);
  for (const auto& [name, attribute] : chosen)
    output["MessageAttributes"][name] = {
        {"DataType", attribute.data_type},
        {attribute.is_binary() ? "BinaryValue" : "StringValue", attribute.value}};
  return output;
}

struct Wish {
  std::size_t count = 1;
  int visibility = 0;
  Duration wait{};
  std::vector<std::string> system_names;
  std::vector<std::string> names;
  std::string attempt;
};

Result<Wish> read_wish(const Json& input, const QueueSettings& settings) {
  Wish wish;
  const int count = number_of(input, "MaxNumberOfMessages").value_or(1);
  if (count < 1 || count > 10)
    return invalid_value_of("MaxNumberOfMessages", std::to_string(count),
                            "Must be between 1 and 10, if provided.");
  const int wait = number_of(input, "WaitTimeSeconds").value_or(settings.wait);
  if (wait < 0 || wait > 20)
    return invalid_value_of("WaitTimeSeconds", std::to_string(wait), "Must be >= 0 and <= 20, if provided.");
  wish.visibility = number_of(input, "VisibilityTimeout").value_or(settings.visibility_timeout);
  if (wish.visibility < 0 || wish.visibility > 43'200)
    return invalid_value_of("VisibilityTimeout", std::to_string(wish.visibility),
                            "Must be >= 0 and <= 43200, if provided.");
  wish.attempt = text_of(input, "ReceiveRequestAttemptId");
  if (!wish.attempt.empty()) {
    if (!settings.fifo)
      return invalid_value_of("ReceiveRequestAttemptId", wish.attempt,
                              "The request include parameter that is not valid for this queue type.");
    if (const Result<> valid = check_fifo_id(wish.attempt, "ReceiveRequestAttemptId"); !valid)
      return valid.error();
  }
  wish.count = static_cast<std::size_t>(count);
  wish.wait = std::chrono::seconds(wait);
  wish.system_names = texts_of(input, "MessageSystemAttributeNames");
  for (std::string& name : texts_of(input, "AttributeNames")) wish.system_names.push_back(std::move(name));
  constexpr std::string_view known[] = {"All",
                                        "SenderId",
                                        "SentTimestamp",
                                        "ApproximateReceiveCount",
                                        "ApproximateFirstReceiveTimestamp",
                                        "SequenceNumber",
                                        "MessageDeduplicationId",
                                        "MessageGroupId",
                                        "AWSTraceHeader",
                                        "DeadLetterQueueSourceArn"};
  for (const std::string& name : wish.system_names)
    if (std::ranges::find(known, name) == std::end(known) && !is_attribute_name(name))
      return unknown_attribute(name);
  wish.names = texts_of(input, "MessageAttributeNames");
  return wish;
}

}  // namespace

std::vector<Received> SqsService::repeat_attempt(Queue& queue, const std::string& key, int visibility) {
  const Instant now = clock_.now();
  std::erase_if(attempts_, [now](const auto& entry) { return entry.second.until <= now; });
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return {};
  std::vector<Received> again;
  for (const std::string& text : found->second.handles) {
    const std::optional<ReceiptHandle> handle = ReceiptHandle::decode(text);
    const Message* message = handle ? queue.find(handle->number) : nullptr;
    // As soon as one of them was deleted or became visible, the attempt is over.
    if (message == nullptr || message->state != Message::State::InFlight ||
        message->receipt != handle->receipt) {
      attempts_.erase(found);
      return {};
    }
    again.push_back({.message = *message, .receipt_handle = text});
  }
  for (const Received& each : again) queue.change_visibility(each.message.number, visibility, now);
  return again;
}

Task<Result<Reply>> SqsService::receive_message(Call call) {
  const Result<QueueId> id = queue_of(call);
  if (!id) co_return id.error();
  const Queue* named = queues_.find(*id, call.now);
  if (named == nullptr) co_return no_such_queue();
  const Result<Wish> wish = read_wish(call.input, named->settings());
  if (!wish) co_return wish.error();
  const std::string attempt = wish->attempt.empty() ? std::string() : named->uid() + " " + wish->attempt;
  const Instant until = call.now + wish->wait;
  std::vector<Received> received;
  for (;;) {
    const Instant now = clock_.now();
    Queue* queue = queues_.find(*id, now);
    if (queue == nullptr) co_return no_such_queue();
    if (!attempt.empty()) received = repeat_attempt(*queue, attempt, wish->visibility);
    if (!received.empty()) break;
    if (queue->in_flight() >= in_flight_at_most && !queue->settings().fifo)
      co_return AwsError(models::sqs::errors::OverLimit,
                         fmt::format("Too many messages in flight: {} is the most.", in_flight_at_most));
    received = queues_.receive(*queue, wish->count, wish->visibility, now);
    if (!received.empty() || now >= until || stopping_) break;
    const Instant wake = std::min(until, queue->next_due().value_or(until));
    co_await waiters_.wait(*id, wake);
  }
  if (!attempt.empty() && !received.empty()) {
    Attempt& kept = attempts_[attempt];
    kept = {.handles = {}, .until = clock_.now() + attempt_is_good_for};
    for (const Received& each : received) kept.handles.push_back(each.receipt_handle);
  }
  Reply reply;
  for (const Received& each : received)
    reply.output["Messages"].push_back(render(each, wish->system_names, wish->names));
  co_return reply;
}

}  // namespace aviary::sqs
