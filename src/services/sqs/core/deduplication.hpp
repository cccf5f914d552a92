#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"
#include "ports/records.hpp"

namespace aviary::sqs {

/// Which messages FIFO queues have seen in the last five minutes, also after they were deleted.
class Deduplication {
 public:
  explicit Deduplication(Journal& journal) : records_(journal, "sqs.deduplication") {}

  struct Seen {
    std::string message_id;
    std::string sequence_number;
    Instant until{};
  };
  /// `key`: the queue, what ids are unique within, and the id.
  const Seen* find(const std::string& key, Instant now);
  void add(const std::string& key, Seen seen);
  void restore();
  void clear();

 private:
  void forget(Instant now);

  std::unordered_map<std::string, Seen> seen_;
  std::multimap<Instant, std::string> ends_;
  Records<Json> records_;
};

/// `key` for `Deduplication`.
std::string deduplication_key(std::string_view queue_uid, std::string_view group, bool per_group,
                              std::string_view deduplication_id);

}  // namespace aviary::sqs
