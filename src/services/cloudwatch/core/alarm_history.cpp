#include "services/cloudwatch/core/alarm_history.hpp"

#include <fmt/format.h>

#include <charconv>

namespace aviary::cloudwatch {

constexpr Duration kept = std::chrono::days(30);

std::string AlarmHistory::key(const Scope& scope, std::uint64_t number) {
  return fmt::format("{}/{}/{:016}", scope.account, scope.region, number);
}

void AlarmHistory::append(const Scope& scope, HistoryItem item) {
  Items& history = scopes_[scope];
  const std::uint64_t number = history.first + history.items.size();
  records_.save(key(scope, number), Json{{"account", scope.account},
                                         {"region", scope.region},
                                         {"number", number},
                                         {"alarm", item.alarm_name},
                                         {"composite", item.composite},
                                         {"at", item.at.time_since_epoch().count()},
                                         {"type", item.type},
                                         {"summary", item.summary},
                                         {"data", item.data}});
  const Instant now = item.at;
  history.items.push_back(std::move(item));
  while (history.items.size() > most || now - history.items.front().at > kept) {
    records_.erase(key(scope, history.first));
    history.items.pop_front();
    ++history.first;
  }
}

const std::deque<HistoryItem>& AlarmHistory::of(const Scope& scope) const {
  static const std::deque<HistoryItem> none;
  const auto found = scopes_.find(scope);
  return found == scopes_.end() ? none : found->second.items;
}

void AlarmHistory::restore() {
  records_.load([this](std::string_view, const Json& record) {
    Items& history = scopes_[{record.at("account"), record.at("region")}];
    if (history.items.empty()) history.first = record.at("number").get<std::uint64_t>();
    history.items.push_back({.alarm_name = record.at("alarm"),
                             .composite = record.at("composite"),
                             .at = Instant(Duration(record.at("at").get<std::int64_t>())),
                             .type = record.at("type"),
                             .summary = record.at("summary"),
                             .data = record.at("data")});
  });
}

}  // namespace aviary::cloudwatch
