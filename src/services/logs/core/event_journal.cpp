#include "services/logs/core/event_journal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace aviary::logs {
namespace {

constexpr std::string_view events_collection = "logs.lines";
/// What earlier versions wrote: before each event's text an `EntryHead`. Read, and dropped when its time has
/// come, but not written to any more.
constexpr std::string_view first_collection = "logs.events";

struct EntryHead {
  std::uint64_t stream;
  std::uint64_t sequence;
  std::int64_t timestamp;
  std::int64_t ingested;
  std::uint64_t size;
};

/// Seven bits a byte, the lowest first; all but the last have the eighth set.
void append_number(std::string& record, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) record.push_back(static_cast<char>(number | 0x80U));
  record.push_back(static_cast<char>(number));
}

std::optional<std::uint64_t> take_number(std::string_view& record) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64 && !record.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(record.front());
    record.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

/// A difference of either sign, small where it is small. What overflows comes back all the same.
std::uint64_t difference(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t step = to - from;
  return (step << 1U) ^ (0 - (step >> 63U));
}
std::uint64_t add_difference(std::uint64_t from, std::uint64_t coded) {
  return from + ((coded >> 1U) ^ (0 - (coded & 1U)));
}

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
  append(stream, event);
  promised_ = promised_ || promised;
  if (std::exchange(pending_, true)) return;
  if (on_pending_) on_pending_();
}

/// What an event says beside its text is as a rule what the one before it said, and next in order.
void EventJournal::append(std::uint64_t stream, const Event& event) {
  if (record_.empty()) last_ = {};
  const auto timestamp = static_cast<std::uint64_t>(event.key.timestamp);
  append_number(record_, stream);
  append_number(record_, difference(last_.sequence, event.key.sequence));
  append_number(record_, difference(last_.timestamp, timestamp));
  append_number(record_, difference(timestamp, static_cast<std::uint64_t>(event.ingested)));
  append_number(record_, event.text.size());
  record_.append(event.text);
  last_ = {event.key.sequence, timestamp};
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
  written_.push_back({number_++, size, false});
  bytes_ += size;
  while (bytes_ > budget_ && !written_.empty()) {
    const Written& oldest = written_.front();
    unawaited_.erase(oldest.is_first ? first_collection : events_collection, event_record_key(oldest.number));
    bytes_ -= oldest.size;
    written_.pop_front();
  }
}

void EventJournal::load(const Visitor& visit) {
  const auto known = [this](std::string_view key, std::string_view record, bool is_first) {
    std::uint64_t number = 0;
    std::from_chars(key.data(), key.data() + key.size(), number);
    number_ = number + 1;
    written_.push_back({number, record.size(), is_first});
    bytes_ += record.size();
  };
  journal_.load(first_collection, [&](std::string_view key, std::string_view record) {
    known(key, record, true);
    while (record.size() >= sizeof(EntryHead)) {
      EntryHead head;
      std::memcpy(&head, record.data(), sizeof head);
      record.remove_prefix(sizeof head);
      if (head.size > record.size()) return;
      visit(head.stream, {{head.timestamp, head.sequence}, head.ingested, record.substr(0, head.size)});
      record.remove_prefix(head.size);
    }
  });
  journal_.load(events_collection, [&](std::string_view key, std::string_view record) {
    known(key, record, false);
    Last last;
    while (!record.empty()) {
      const auto stream = take_number(record);
      const auto sequence = take_number(record);
      const auto timestamp = take_number(record);
      const auto ingested = take_number(record);
      const auto size = take_number(record);
      if (!stream || !sequence || !timestamp || !ingested || !size || *size > record.size()) return;
      last = {add_difference(last.sequence, *sequence), add_difference(last.timestamp, *timestamp)};
      visit(*stream, {{static_cast<Millis>(last.timestamp), last.sequence},
                      static_cast<Millis>(add_difference(last.timestamp, *ingested)),
                      record.substr(0, *size)});
      record.remove_prefix(*size);
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
