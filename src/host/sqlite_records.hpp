#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/start_problem.hpp"
#include "host/value_packer.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace aviary::host {

/// One change to one record. `Clear` forgets every record of every collection.
struct RecordChange {
  enum class Kind : std::uint8_t { Put, Erase, Clear };
  Kind kind;
  std::string collection{};
  std::string key{};
  std::string value{};
};

/// The table of records on disk, large values compressed. One thread at a time; which one may change (a mutex
/// lies in between).
class SqliteRecords {
 public:
  static Started<std::unique_ptr<SqliteRecords>> open(const std::filesystem::path& database);
  ~SqliteRecords();
  SqliteRecords(const SqliteRecords&) = delete;
  SqliteRecords& operator=(const SqliteRecords&) = delete;

  /// Applies the changes in order, all or none, and returns when they are on disk. Empty on success, else
  /// what went wrong. Applying the same changes again is harmless, so a failed call may be repeated.
  std::string commit(const std::vector<RecordChange>& changes);

  /// In key order (bytes compared). Throws `std::runtime_error` when the disk cannot be read.
  void load(std::string_view collection,
            const std::function<void(std::string_view key, std::string_view value)>& visit);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  explicit SqliteRecords(sqlite3* database) : database_(database) {}
  std::string prepare(const std::filesystem::path& database);
  std::string check_layout(const std::filesystem::path& database);
  bool run(const char* sql);
  std::int64_t number(const char* sql);
  Statement statement(const char* sql);
  bool apply(const RecordChange& change);
  std::string failure() const;

  sqlite3* database_;
  ValuePacker packer_;
  Statement put_;
  Statement erase_;
  Statement load_;
};

}  // namespace aviary::host
