#include "services/sqs/core/deduplication.hpp"

#include <fmt/format.h>

namespace aviary::sqs {

std::string deduplication_key(std::string_view queue_uid, std::string_view group, bool per_group,
                              std::string_view deduplication_id) {
  // Groups and ids are printable ASCII without spaces.
  return fmt::format("{} {} {}", queue_uid, per_group ? group : "", deduplication_id);
}

void Deduplication::forget(Instant now) {
  while (!ends_.empty() && ends_.begin()->first <= now) {
    records_.erase(ends_.begin()->second);
    seen_.erase(ends_.begin()->second);
    ends_.erase(ends_.begin());
  }
}

const Deduplication::Seen* Deduplication::find(const std::string& key, Instant now) {
  forget(now);
  const auto found = seen_.find(key);
  return found == seen_.end() ? nullptr : &found->second;
}

void Deduplication::add(const std::string& key, Seen seen) {
  records_.save(key, Json{{"id", seen.message_id},
                          {"sequence", seen.sequence_number},
                          {"until", seen.until.time_since_epoch().count()}});
  ends_.emplace(seen.until, key);
  seen_.insert_or_assign(key, std::move(seen));
}

void Deduplication::restore() {
  records_.load([this](std::string_view key, const Json& record) {
    Seen seen{.message_id = record.at("id"),
              .sequence_number = record.at("sequence"),
              .until = Instant(Duration(record.at("until").get<std::int64_t>()))};
    ends_.emplace(seen.until, std::string(key));
    seen_.emplace(std::string(key), std::move(seen));
  });
}

void Deduplication::clear() {
  seen_.clear();
  ends_.clear();
}

}  // namespace aviary::sqs
