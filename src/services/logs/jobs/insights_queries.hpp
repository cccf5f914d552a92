#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/logs/core/insights_run.hpp"
#include "services/logs/core/log_store.hpp"

namespace aviary::logs {

/// One query of CloudWatch Logs Insights, from StartQuery until it is forgotten.
struct InsightsQuery {
  enum class Status : std::uint8_t { Running, Complete, Cancelled };

  std::string id;
  Scope scope;
  std::vector<std::string> groups;
  std::string text;
  Millis created = 0;
  Status status = Status::Running;
  std::vector<insights::ResultRow> results;
  std::size_t result_bytes = 0;
  std::uint64_t matched = 0;
  std::uint64_t scanned = 0;
  std::uint64_t scanned_bytes = 0;
};

/// What a query reads: events of groups between two moments.
struct InsightsRange {
  std::vector<std::string> groups;
  Millis from = 0;
  Millis until = 0;  ///< the first that is not wanted
};

/// Runs queries beside everything else, some milliseconds at a time, and keeps what the last ones found.
/// Lives on the loop's thread; `store` outlives it; `stop` before destruction.
class InsightsQueries {
 public:
  InsightsQueries(boost::asio::any_io_executor executor, LogStore& store, Random& ids)
      : tasks_(std::move(executor)), store_(store), ids_(ids) {}

  /// Answers the query's id.
  std::string start(Scope scope, InsightsRange range, std::string text, insights::Query query,
                    std::size_t limit, Millis now);
  /// Null if there is none, or none any more.
  const InsightsQuery* find(const Scope& scope, std::string_view id) const;
  /// False if it does not run.
  bool cancel(const Scope& scope, std::string_view id);
  /// The newest first.
  std::vector<const InsightsQuery*> list(const Scope& scope) const;
  std::size_t running() const noexcept { return tasks_.size(); }

  void clear() { queries_.clear(); }
  Task<> stop();

 private:
  using Held = std::shared_ptr<InsightsQuery>;
  void make_room();
  Task<> run(Held query, InsightsRange range, std::shared_ptr<insights::Run> run);

  TaskGroup tasks_;
  LogStore& store_;
  Random& ids_;
  std::vector<Held> queries_;  ///< in the order of their start
};

}  // namespace aviary::logs
