#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "host/start_problem.hpp"
#include "ports/journal.hpp"
#include "ports/unawaited_journal.hpp"

namespace aviary::host {

/// State in an SQLite database (WAL, synchronous=FULL): one table of (collection, key, value). Owned by the
/// composition root; all members are called on the loop's thread.
///
/// The first change of a turn of the loop posts a message that closes the batch, so whatever one synchronous
/// step changes is in one batch. A writer thread of the journal's own, started by the first change, commits
/// batches in order; those that arrive while a commit is under way go into the next transaction together, so
/// that under load one flush of the disk serves many requests.
///
/// When the disk refuses (full, failing), the transaction is rolled back and tried again after a pause, 100
/// ms doubling to 5 s, for as long as the server runs. Until it succeeds `settled()` does not complete, so no
/// change is acknowledged; later changes queue up behind, in order. Whoever does not await `settled()` goes
/// on. `trouble()` says what is wrong, and the log said so once.
class SqliteJournal final : public Journal, public UnawaitedJournal {
 public:
  /// Opens the database, or makes it. Refused: a file that is no database of Aviary's, or one with a newer
  /// layout.
  static Started<std::unique_ptr<SqliteJournal>> open(const std::filesystem::path& database,
                                                      boost::asio::any_io_executor loop);
  /// Commits what is still waiting (one attempt: what was never acknowledged may be lost when the disk still
  /// refuses), then closes. The loop must still exist.
  ~SqliteJournal() override;
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  bool durable() const noexcept override { return true; }
  void put(std::string_view collection, std::string_view key, std::string value) override;
  void put_unawaited(std::string_view collection, std::string_view key, std::string value) override;
  void erase(std::string_view collection, std::string_view key) override;
  void erase_unawaited(std::string_view collection, std::string_view key) override;
  void clear() override;
  Task<> settled() override;
  bool is_settled() const noexcept override;
  bool is_written() const noexcept override;
  void load(std::string_view collection, const Visitor& visit) override;

  /// Empty when all is well, else what the disk said last.
  std::string trouble() const;
  /// Transactions committed so far.
  std::uint64_t commits() const;

 private:
  struct State;
  explicit SqliteJournal(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace aviary::host
