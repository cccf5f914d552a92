#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "ports/records.hpp"
#include "services/cloudwatch/core/scope.hpp"

namespace aviary::cloudwatch {

struct HistoryItem {
  std::string alarm_name;
  bool composite = false;
  Instant at{};
  std::string type;  ///< ConfigurationUpdate | StateUpdate | Action
  std::string summary;
  std::string data;  ///< JSON
};

/// What happened to alarms, of one account and region each, oldest first. Outlives the alarms. Kept for 30
/// days as at AWS, and at most `most` items, oldest out first.
class AlarmHistory {
 public:
  static constexpr std::size_t most = 10'000;

  explicit AlarmHistory(Journal& journal) : records_(journal, "cloudwatch.history") {}

  void append(const Scope& scope, HistoryItem item);
  const std::deque<HistoryItem>& of(const Scope& scope) const;
  void restore();
  void clear() { scopes_.clear(); }

 private:
  struct Items {
    std::deque<HistoryItem> items;
    std::uint64_t first = 0;  ///< the number of the oldest
  };
  static std::string key(const Scope& scope, std::uint64_t number);

  std::map<Scope, Items> scopes_;
  Records<Json> records_;
};

}  // namespace aviary::cloudwatch
