#include "services/logs/core/event_journal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace aviary::logs {
namespace {

constexpr std::string_view events_collection = "logs.events";

/// Before each event's text.
struct EntryHead {
  std::uint64_t stream;
  std::uint64_t sequence;
  std::int64_t timestamp;
  std::int64_t ingested;
  std::uint64_t size;
};

std::string event_record_key(std::uint64_t number) { return fmt::format("{:020}", number); }

}  // namespace

bool EventJournal::has_room() {
  if (on_its_way_ < most_on_its_way) return true;
  if (unawaited_.is_written()) on_its_way_ = 0;
  return on_its_way_ == 0;
}

void EventJournal::add(std::uint64_t stream, const Event& event, bool promised) {
  if (!durable()) return;
  if (!promised && !has_room()) {
    ++left_out_;
    return;
  }
  const EntryHead head{stream, event.key.sequence, event.key.timestamp, event.ingested, event.text.size()};
  record_.append(reinterpret_cast<const char*>(&head), sizeof head);
  record_.append(event.text);
  promised_ = promised_ || promised;
  if (std::exchange(pending_, true)) return;
  if (on_pending_) on_pending_();
}

void EventJournal::flush() {
  if (!std::exchange(pending_, false)) return;
  if (unawaited_.is_written()) on_its_way_ = 0;
  const std::size_t size = record_.size();
  on_its_way_ += size;
  const std::string key = event_record_key(number_);
  // A full one is not written to any more, and goes itself.
  std::string value = size < full_record ? record_ : std::exchange(record_, {});
  // An answer that was about something else must not wait for what no answer promises.
  if (std::exchange(promised_, false)) {
    journal_.put(events_collection, key, std::move(value));
  } else {
    unawaited_.put(events_collection, key, std::move(value));
  }
  if (size < full_record) return;
  written_.emplace_back(number_++, size);
  bytes_ += size;
  while (bytes_ > budget_ && !written_.empty()) {
    unawaited_.erase(events_collection, event_record_key(written_.front().first));
    bytes_ -= written_.front().second;
    written_.pop_front();
  }
}

void EventJournal::load(const Visitor& visit) {
  journal_.load(events_collection, [&](std::string_view key, std::string_view record) {
    std::uint64_t number = 0;
    std::from_chars(key.data(), key.data() + key.size(), number);
    number_ = number + 1;
    written_.emplace_back(number, record.size());
    bytes_ += record.size();
    while (record.size() >= sizeof(EntryHead)) {
      EntryHead head;
      std::memcpy(&head, record.data(), sizeof head);
      record.remove_prefix(sizeof head);
      if (head.size > record.size()) return;
      visit(head.stream, {{head.timestamp, head.sequence}, head.ingested, record.substr(0, head.size)});
      record.remove_prefix(head.size);
    }
  });
}

void EventJournal::forget() {
  record_.clear();
  written_.clear();
  number_ = 1;
  bytes_ = 0;
  on_its_way_ = 0;
  left_out_ = 0;
  pending_ = false;
  promised_ = false;
}

}  // namespace aviary::logs
