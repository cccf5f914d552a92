#include "services/sqs/core/queues.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/md5.hpp"
#include "models/sqs.hpp"
#include "services/sqs/core/errors.hpp"

namespace aviary::sqs {

namespace rows = models::sqs::errors;

namespace {

constexpr Duration deleted_for = std::chrono::seconds(60);

bool is_queue_name(std::string_view name) {
  return !name.empty() && name.size() <= 80 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<> check_queue_name(const std::string& name, bool fifo) {
  constexpr std::string_view suffix = ".fifo";
  if (fifo) {
    if (name.size() <= 80 && name.ends_with(suffix) &&
        is_queue_name(std::string_view(name).substr(0, name.size() - suffix.size())))
      return {};
    return invalid_parameter(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must "
        "end "
        "with .fifo suffix and be 1 to 80 in length.");
  }
  if (is_queue_name(name)) return {};
  return invalid_parameter(
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
}

/// Groups have their own throughput only where they have their own deduplication, says CreateQueue's
/// reference.
Result<> check_throughput(const QueueSettings& settings) {
  const auto limit = settings.given.find("FifoThroughputLimit");
  const bool per_group = limit != settings.given.end() && limit->second == "perMessageGroupId";
  if (per_group && !settings.deduplication_per_group) return invalid_attribute_value("FifoThroughputLimit");
  return {};
}

std::string queue_key(const QueueId& id) {
  return fmt::format("{}/{}/{}", id.scope.account, id.scope.region, id.name);
}

std::string message_key(const std::string& queue, std::uint64_t number) {
  return fmt::format("{}/{:020}", queue, number);
}

}  // namespace

Queues::Queues(Random& ids, Journal& journal)
    : ids_(ids),
      deduplication_(journal),
      queue_records_(journal, "sqs.queues"),
      message_records_(journal, "sqs.messages"),
      journal_(journal) {}

Result<Queue*> Queues::create(const QueueId& id, const std::map<std::string, std::string>& attributes,
                              const std::map<std::string, std::string>& tags, Instant now) {
  const auto fifo = attributes.find("FifoQueue");
  const bool wants_fifo = fifo != attributes.end() && (fifo->second == "true" || fifo->second == "True");
  if (const Result<> valid = check_queue_name(id.name, wants_fifo); !valid) return valid.error();
  Result<QueueSettings> settings = apply_attributes({}, id, attributes, true);
  if (!settings) return settings.error();
  if (const Result<> valid = check_throughput(*settings); !valid) return valid.error();
  if (Queue* there = find(id, now)) {
    const std::map<std::string, std::string> has = rendered(there->settings());
    for (const auto& [name, value] : attributes) {
      const auto found = has.find(name);
      if (found == has.end() ? !value.empty() : found->second != value)
        return AwsError(
            rows::QueueNameExists,
            fmt::format("A queue already exists with the same name and a different value for attribute {}",
                        name));
    }
    return there;
  }
  if (const auto gone = deleted_.find(id); gone != deleted_.end() && now < gone->second + deleted_for)
    return AwsError(rows::QueueDeletedRecently,
                    "You must wait 60 seconds after deleting a queue before you can create another with the "
                    "same name.");
  if (const Result<> valid = check_redrive(nullptr, id, *settings); !valid) return valid.error();
  deleted_.erase(id);
  auto queue = std::make_unique<Queue>(id, ids_.hex(16), std::move(*settings), now, *this);
  queue->tags = tags;
  save(*queue);
  Queue* made = queues_.emplace(id, std::move(queue)).first->second.get();
  changed(id);
  return made;
}

Queue* Queues::find(const QueueId& id, Instant now) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) return nullptr;
  found->second->settle(now);
  return found->second.get();
}

Queue* Queues::find_arn(const std::string& arn) {
  const auto found = queues_.find(parse_queue_arn(arn));
  return found == queues_.end() ? nullptr : found->second.get();
}

Result<> Queues::check_redrive(const Queue* queue, const QueueId& id, const QueueSettings& settings) const {
  if (!settings.redrive) return {};
  const auto given = settings.given.find("RedrivePolicy");
  const auto refuse = [&](std::string_view reason) {
    return invalid_value_of("RedrivePolicy", given == settings.given.end() ? "" : given->second, reason);
  };
  const auto target = queues_.find(parse_queue_arn(settings.redrive->target));
  if (queue != nullptr && settings.redrive->target == queue->arn())
    return refuse("Dead-letter queue cannot be the source queue itself.");
  if (target == queues_.end()) return refuse("Dead letter target does not exist.");
  if (target->second->settings().fifo != settings.fifo)
    return refuse("Dead-letter queue must be same type of queue as the source.");
  if (!target->second->settings().redrive_allow.allows(queue_arn(id)))
    return refuse("Dead letter target does not allow this queue to use it.");
  return {};
}

Result<> Queues::set_attributes(Queue& queue, const std::map<std::string, std::string>& attributes,
                                Instant now) {
  Result<QueueSettings> settings = apply_attributes(queue.settings(), queue.id(), attributes, false);
  if (!settings) return settings.error();
  if (const Result<> valid = check_throughput(*settings); !valid) return valid.error();
  if (attributes.contains("RedrivePolicy"))
    if (const Result<> valid = check_redrive(&queue, queue.id(), *settings); !valid) return valid.error();
  queue.change_settings(std::move(*settings), now);
  save(queue);
  changed(queue.id());
  return {};
}

void Queues::save(const Queue& queue) {
  Json record{{"account", queue.id().scope.account},
              {"region", queue.id().scope.region},
              {"name", queue.id().name},
              {"uid", queue.uid()},
              {"attributes", queue.settings().given},
              {"created", queue.created.time_since_epoch().count()},
              {"modified", queue.modified.time_since_epoch().count()},
              {"tags", queue.tags}};
  queue_records_.save(queue_key(queue.id()), record);
}

void Queues::erase(const QueueId& id, Instant now) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) return;
  found->second->purge();
  queue_records_.erase(queue_key(id));
  queues_.erase(found);
  std::erase_if(deleted_, [now](const auto& entry) { return entry.second + deleted_for <= now; });
  deleted_[id] = now;
  changed(id);
}

void Queues::purge(Queue& queue, Instant now) {
  queue.purge();
  queue.purged = now;
}

std::uint64_t Queues::next_number(Instant now) {
  const auto by_time =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0)) * 1000;
  last_number_ = std::max(last_number_ + 1, by_time);
  return last_number_;
}

Result<Sent> Queues::send(Queue& queue, Draft draft, std::optional<int> delay, Instant now) {
  const QueueSettings& settings = queue.settings();
  if (draft.body.empty()) return missing_parameter("MessageBody");
  if (size_of(draft) > static_cast<std::size_t>(settings.maximum_size))
    return invalid_parameter(
        fmt::format("One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
                    settings.maximum_size));
  if (const Result<> valid = check_characters(draft.body); !valid) return valid.error();
  constexpr std::string_view wrong_type =
      "The request include parameter that is not valid for this queue type.";
  if (delay && (*delay < 0 || *delay > 900))
    return invalid_value_of("DelaySeconds", std::to_string(*delay), "DelaySeconds must be >= 0 and <= 900.");
  if (!draft.group.empty())
    if (const Result<> valid = check_fifo_id(draft.group, "MessageGroupId"); !valid) return valid.error();
  if (!draft.deduplication_id.empty())
    if (const Result<> valid = check_fifo_id(draft.deduplication_id, "MessageDeduplicationId"); !valid)
      return valid.error();
  std::string key;
  if (settings.fifo) {
    if (delay && *delay != 0) return invalid_value_of("DelaySeconds", std::to_string(*delay), wrong_type);
    if (draft.group.empty()) return missing_parameter("MessageGroupId");
    if (draft.deduplication_id.empty()) {
      if (!settings.content_based_deduplication)
        return invalid_parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
            "provided "
            "explicitly");
      draft.deduplication_id = hex_encode(sha256(draft.body));
    }
    key =
        deduplication_key(queue.uid(), draft.group, settings.deduplication_per_group, draft.deduplication_id);
    if (const Deduplication::Seen* seen = deduplication_.find(key, now))
      return Sent{.message_id = seen->message_id, .sequence_number = seen->sequence_number};
  } else if (!draft.deduplication_id.empty()) {
    return invalid_value_of("MessageDeduplicationId", draft.deduplication_id, wrong_type);
  }
  Message message;
  message.number = next_number(now);
  message.id = ids_.uuid();
  message.body_md5 = hex_encode(md5(draft.body));
  message.content = std::move(draft);
  message.sent = now;
  message.due = now;
  Sent sent{.message_id = message.id, .sequence_number = {}};
  if (settings.fifo) {
    sent.sequence_number = message.sequence_number();
    deduplication_.add(key, {.message_id = sent.message_id,
                             .sequence_number = sent.sequence_number,
                             .until = now + std::chrono::minutes(5)});
  }
  queue.add(std::move(message), settings.fifo ? settings.delay : delay.value_or(settings.delay));
  changed(queue.id());
  return sent;
}

std::vector<Received> Queues::receive(Queue& queue, std::size_t count, int visibility, Instant now) {
  queue.settle(now);
  const std::uint64_t receipt = ids_.next() | 1;
  // A dead-letter queue that was deleted: nothing is lost, the message stays where it is.
  Queue* target = queue.settings().redrive ? find_arn(queue.settings().redrive->target) : nullptr;
  Queue::Taken taken = queue.receive(now, count, visibility, receipt, target != nullptr);
  for (Message& dead : taken.dead) {
    dead.dead_letter_source = queue.arn();
    deliver(*target, std::move(dead), now);
  }
  std::vector<Received> received;
  received.reserve(taken.received.size());
  for (const std::uint64_t number : taken.received)
    received.push_back(
        {.message = *queue.find(number),
         .receipt_handle =
             ReceiptHandle{.queue = queue.uid(), .number = number, .receipt = receipt}.encode()});
  return received;
}

void Queues::deliver(Queue& target, Message message, Instant now) {
  message.number = next_number(now);
  message.receives = 0;
  message.first_received = {};
  message.receipt = 0;
  message.due = now;
  // Standard queues keep the moment of sending, so that what expires expires in time; FIFO queues begin anew.
  if (target.settings().fifo) message.sent = now;
  const QueueId id = target.id();
  target.add(std::move(message), 0);
  changed(id);
}

Result<std::uint64_t> Queues::message_number(const Queue& queue, const std::string& receipt_handle,
                                             std::uint64_t* receipt) const {
  const std::optional<ReceiptHandle> handle = ReceiptHandle::decode(receipt_handle);
  if (!handle || handle->queue != queue.uid()) return invalid_receipt_handle(receipt_handle);
  *receipt = handle->receipt;
  return handle->number;
}

Result<> Queues::remove(Queue& queue, const std::string& receipt_handle) {
  std::uint64_t receipt = 0;
  const Result<std::uint64_t> number = message_number(queue, receipt_handle, &receipt);
  if (!number) return number.error();
  const Message* message = queue.find(*number);
  if (message == nullptr) return {};  // deleting twice is fine
  const bool latest = message->receipt == receipt;
  if (queue.settings().fifo && (!latest || message->state != Message::State::InFlight))
    return invalid_value_of("ReceiptHandle", receipt_handle, "The receipt handle has expired.");
  // Of a standard queue an older handle is taken, and does nothing.
  if (!latest) return {};
  queue.erase(*number);
  if (queue.settings().fifo) changed(queue.id());  // what comes next in its group may leave
  return {};
}

Result<> Queues::change_visibility(Queue& queue, const std::string& receipt_handle, int seconds,
                                   Instant now) {
  std::uint64_t receipt = 0;
  const Result<std::uint64_t> number = message_number(queue, receipt_handle, &receipt);
  if (!number) return number.error();
  if (seconds < 0 || seconds > 43'200)
    return invalid_value_of("VisibilityTimeout", std::to_string(seconds),
                            "VisibilityTimeout must be an integer between 0 and 43200.");
  const Message* message = queue.find(*number);
  if (message == nullptr)
    return invalid_value_of("ReceiptHandle", receipt_handle,
                            "Message does not exist or is not available for visibility timeout change.");
  if (message->state != Message::State::InFlight || message->receipt != receipt)
    return AwsError(rows::MessageNotInflight, "The specified message isn't in flight.");
  queue.change_visibility(*number, seconds, now);
  changed(queue.id());
  return {};
}

std::vector<const Queue*> Queues::sources_of(const Queue& dead_letter) const {
  const std::string arn = dead_letter.arn();
  std::vector<const Queue*> sources;
  for (const auto& [id, queue] : queues_)
    if (queue->settings().redrive && queue->settings().redrive->target == arn) sources.push_back(queue.get());
  return sources;
}

std::vector<const Queue*> Queues::list(const Scope& scope, std::string_view prefix) const {
  std::vector<const Queue*> found;
  for (auto at = queues_.lower_bound({.scope = scope, .name = std::string(prefix)});
       at != queues_.end() && at->first.scope == scope && at->first.name.starts_with(prefix); ++at)
    found.push_back(at->second.get());
  return found;
}

void Queues::saved(const std::string& queue, const Message& message) {
  if (journal_.durable()) message_records_.save(message_key(queue, message.number), Json(message));
}

void Queues::erased(const std::string& queue, std::uint64_t number) {
  if (journal_.durable()) message_records_.erase(message_key(queue, number));
}

void Queues::restore(Instant now) {
  std::map<std::string, Queue*, std::less<>> by_uid;
  queue_records_.load([&](std::string_view, const Json& record) {
    const QueueId id{.scope = {.account = record.at("account"), .region = record.at("region")},
                     .name = record.at("name")};
    Result<QueueSettings> settings =
        apply_attributes({}, id, record.at("attributes").get<std::map<std::string, std::string>>(), true);
    const auto at = [&](const char* member) {
      return Instant(Duration(record.at(member).get<std::int64_t>()));
    };
    auto queue = std::make_unique<Queue>(
        id, record.at("uid"), settings ? std::move(*settings) : QueueSettings{}, at("created"), *this);
    queue->modified = at("modified");
    queue->tags = record.at("tags").get<std::map<std::string, std::string>>();
    by_uid[queue->uid()] = queue.get();
    queues_.emplace(id, std::move(queue));
  });
  message_records_.load([&](std::string_view key, const Json& record) {
    const auto queue = by_uid.find(key.substr(0, key.find('/')));
    if (queue == by_uid.end()) return;
    Message message = record.get<Message>();
    last_number_ = std::max(last_number_, message.number);
    queue->second->restore(std::move(message));
  });
  deduplication_.restore();
  for (const auto& [id, queue] : queues_) queue->settle(now);
}

void Queues::clear() {
  queues_.clear();
  deleted_.clear();
  deduplication_.clear();
}

std::size_t Queues::messages() const {
  std::size_t count = 0;
  for (const auto& [id, queue] : queues_) count += queue->size();
  return count;
}

}  // namespace aviary::sqs
