#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/logs/core/insights_query.hpp"

namespace aviary::logs::insights {

/// What `GetQueryResults` shows: rows of columns, those without a value left out.
using ResultRow = std::vector<std::pair<std::string, std::string>>;

/// Runs a query over events that are handed to it one by one, in any order: what can be decided about an
/// event at once is, the rest waits for `finish`. Keeps no more rows than can still be among the results.
class Run {
 public:
  /// `limit` is StartQuery's; the query's own may be smaller.
  Run(Query query, std::size_t limit);

  void add(const Row::Source& source);
  std::vector<ResultRow> finish();

  std::uint64_t matched() const noexcept { return matched_; }
  std::uint64_t scanned() const noexcept { return scanned_; }
  std::uint64_t scanned_bytes() const noexcept { return scanned_bytes_; }

 private:
  /// One group of `stats` while it is counted.
  struct Tally {
    struct One {
      std::uint64_t count = 0;
      double sum = 0;
      double squares = 0;
      Value value;  ///< the least, the greatest, the first or the last so far
      Millis at = 0;
      std::vector<double> numbers;
      std::set<std::string> texts;
    };
    std::vector<Value> keys;
    std::vector<One> ones;
  };

  bool stream(Row& row) const;
  void count(const Stats& stats, const Row& row);
  static void count(const Aggregate& aggregate, Tally::One& one, const Row& row);
  static Value total(const Aggregate& aggregate, Tally::One& one);
  std::vector<Row> totals(const Stats& stats);
  void collect(Row row);
  std::vector<Row> apply(const Command& command, std::vector<Row> rows);
  static void order(std::vector<Row>& rows, const Sort* sort);
  ResultRow show(const Row& row) const;
  std::vector<std::string> shown_columns() const;

  Query query_;
  std::size_t limit_;
  std::size_t waits_at_;             ///< the first command that needs all rows
  const Stats* stats_ = nullptr;     ///< if that is `stats`
  const Sort* sort_ = nullptr;       ///< how to choose what is kept
  std::optional<std::size_t> keep_;  ///< no more rows than these can be results
  std::vector<Row> rows_;
  std::map<std::vector<std::string>, Tally> groups_;
  std::vector<std::string> columns_;
  bool of_events_ = true;
  std::uint64_t matched_ = 0;
  std::uint64_t scanned_ = 0;
  std::uint64_t scanned_bytes_ = 0;
};

}  // namespace aviary::logs::insights
