#include "host/sqlite_records.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

namespace aviary::host {
namespace {

constexpr std::int64_t application_id = 0x41565259;  // "AVRY", shown by file(1)
constexpr std::int64_t layout_version = 2;           // counts up with every incompatible change of the table
// Of layout 1, which compressed nothing.
constexpr const char* add_unpacked = "ALTER TABLE records ADD COLUMN unpacked INTEGER NOT NULL DEFAULT 0";

void bind_text(sqlite3_stmt* statement, int position, std::string_view text) {
  sqlite3_bind_text64(statement, position, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

std::string_view column(sqlite3_stmt* statement, int position) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, position));
  return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, position))};
}

}  // namespace

void SqliteRecords::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Started<std::unique_ptr<SqliteRecords>> SqliteRecords::open(const std::filesystem::path& database) {
  sqlite3* handle = nullptr;
  const int opened = sqlite3_open_v2(
      database.c_str(), &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<SqliteRecords> records(new SqliteRecords(handle));
  if (opened != SQLITE_OK)
    return StartProblem{fmt::format("cannot open {}: {}", database.native(), records->failure())};
  if (std::string problem = records->prepare(database); !problem.empty())
    return StartProblem{std::move(problem)};
  return records;
}

SqliteRecords::~SqliteRecords() {
  put_.reset();
  erase_.reset();
  load_.reset();
  sqlite3_close(database_);  // moves the WAL into the database and removes it
}

std::string SqliteRecords::prepare(const std::filesystem::path& database) {
  if (std::string problem = check_layout(database); !problem.empty()) return problem;
  const bool is_first_layout = number("PRAGMA user_version") == 1;
  // An exclusive lock keeps the WAL's index in memory, so the folder may be on a file system without shared
  // mappings (volumes of containers on a Mac), and no other program changes records underneath.
  const bool ready = run("PRAGMA locking_mode = EXCLUSIVE") && run("PRAGMA journal_mode = WAL") &&
                     run("PRAGMA synchronous = FULL") && run("PRAGMA temp_store = MEMORY") &&
                     run("PRAGMA cache_size = -1024") && run("BEGIN IMMEDIATE") &&
                     // `unpacked`: the size of a value that is compressed, else 0.
                     run("CREATE TABLE IF NOT EXISTS records (collection TEXT NOT NULL, key TEXT NOT NULL, "
                         "value BLOB NOT NULL, unpacked INTEGER NOT NULL DEFAULT 0,"
                         " PRIMARY KEY (collection, key)) WITHOUT ROWID") &&
                     (!is_first_layout || run(add_unpacked)) &&
                     run(fmt::format("PRAGMA application_id = {}", application_id).c_str()) &&
                     run(fmt::format("PRAGMA user_version = {}", layout_version).c_str()) && run("COMMIT");
  if (ready) {
    put_ = statement("INSERT OR REPLACE INTO records (collection, key, value, unpacked) VALUES (?, ?, ?, ?)");
    erase_ = statement("DELETE FROM records WHERE collection = ? AND key = ?");
    load_ = statement("SELECT key, value, unpacked FROM records WHERE collection = ? ORDER BY key");
    if (put_ && erase_ && load_) return {};
  }
  return fmt::format("cannot use {}: {}", database.native(), failure());
}

std::string SqliteRecords::check_layout(const std::filesystem::path& database) {
  const std::int64_t version = number("PRAGMA user_version");
  const std::int64_t made_by = number("PRAGMA application_id");
  const std::int64_t tables = number("SELECT count(*) FROM sqlite_master");
  if (version < 0 || made_by < 0 || tables < 0)
    return fmt::format("cannot read {}: {}; restore it from a copy, or choose another data folder",
                       database.native(), failure());
  if (tables == 0 && made_by == 0) return {};
  if (made_by != application_id)
    return fmt::format("{} is a database, but not one of Aviary's; choose another data folder",
                       database.native());
  if (version > layout_version)
    return fmt::format(
        "{} was written by a newer Aviary (layout {}, this one knows {}); use that version, or another data "
        "folder",
        database.native(), version, layout_version);
  return {};
}

std::string SqliteRecords::commit(const std::vector<RecordChange>& changes) {
  bool good = run("BEGIN IMMEDIATE");
  for (std::size_t i = 0; good && i < changes.size(); ++i) good = apply(changes[i]);
  if (good && run("COMMIT")) return {};
  std::string problem = failure();
  // SQLite has already rolled back by itself after some errors.
  if (sqlite3_get_autocommit(database_) == 0) run("ROLLBACK");
  return problem;
}

bool SqliteRecords::apply(const RecordChange& change) {
  if (change.kind == RecordChange::Kind::Clear) return run("DELETE FROM records");
  const bool putting = change.kind == RecordChange::Kind::Put;
  sqlite3_stmt* statement = putting ? put_.get() : erase_.get();
  bind_text(statement, 1, change.collection);
  bind_text(statement, 2, change.key);
  if (putting) {
    const std::optional<std::string_view> packed = packer_.pack(change.value);
    const std::string_view value = packed ? *packed : std::string_view(change.value);
    sqlite3_bind_blob64(statement, 3, value.data(), value.size(), SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, packed ? static_cast<std::int64_t>(change.value.size()) : 0);
  }
  const bool done = sqlite3_step(statement) == SQLITE_DONE;
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return done;
}

void SqliteRecords::load(std::string_view collection,
                         const std::function<void(std::string_view, std::string_view)>& visit) {
  sqlite3_stmt* statement = load_.get();
  bind_text(statement, 1, collection);
  int state = SQLITE_ROW;
  while ((state = sqlite3_step(statement)) == SQLITE_ROW) {
    const std::int64_t unpacked = sqlite3_column_int64(statement, 2);
    if (unpacked == 0) {
      visit(column(statement, 0), column(statement, 1));
      continue;
    }
    const auto value = ValuePacker::unpack(column(statement, 1), static_cast<std::size_t>(unpacked));
    if (!value)
      throw std::runtime_error(
          fmt::format("cannot read the journal: {} of {} is damaged", column(statement, 0), collection));
    visit(column(statement, 0), *value);
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (state != SQLITE_DONE) throw std::runtime_error("cannot read the journal: " + failure());
}

bool SqliteRecords::run(const char* sql) {
  return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

/// -1 when it cannot be had.
std::int64_t SqliteRecords::number(const char* sql) {
  const Statement query = statement(sql);
  if (!query || sqlite3_step(query.get()) != SQLITE_ROW) return -1;
  return sqlite3_column_int64(query.get(), 0);
}

SqliteRecords::Statement SqliteRecords::statement(const char* sql) {
  sqlite3_stmt* made = nullptr;
  sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  return Statement(made);
}

std::string SqliteRecords::failure() const {
  if (database_ == nullptr) return "out of memory";
  return fmt::format("{} (SQLite {})", sqlite3_errmsg(database_), sqlite3_extended_errcode(database_));
}

}  // namespace aviary::host
