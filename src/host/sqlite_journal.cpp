#include "host/sqlite_journal.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "host/sqlite_records.hpp"
#include "ports/one_shot.hpp"

namespace aviary::host {
namespace {

using boost::asio::any_io_executor;
using namespace std::chrono_literals;

constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 5000ms;

/// Commits what is handed to it, in order, on a thread of its own.
class Writer {
 public:
  /// `committed(n)` is called on the writer's thread when `n` more batches are on disk.
  Writer(std::unique_ptr<SqliteRecords> records, std::function<void(std::uint64_t)> committed)
      : records_(std::move(records)), committed_(std::move(committed)) {}

  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void submit(std::vector<RecordChange> batch) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(batch));
    }
    if (thread_.joinable()) {
      wake_.notify_one();
      return;
    }
    thread_ = std::thread([this] { serve(); });
    pthread_setname_np(thread_.native_handle(), "aviary-journal");
  }

  /// Before the first `submit` only.
  SqliteRecords& records() {
    if (thread_.joinable())
      throw std::logic_error("the journal is read back before the first change, not after");
    return *records_;
  }

  std::string trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }
  std::uint64_t commits() const {
    const std::lock_guard lock(mutex_);
    return commits_;
  }

 private:
  void serve() {
    std::vector<RecordChange> group;
    std::uint64_t batches = 0;
    std::chrono::milliseconds pause = 0ms;
    std::unique_lock lock(mutex_);
    while (true) {
      if (pause > 0ms) {
        wake_.wait_for(lock, pause, [this] { return stopping_; });
      } else {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      }
      const bool last = stopping_;
      for (auto& batch : waiting_) {
        std::move(batch.begin(), batch.end(), std::back_inserter(group));
        ++batches;
      }
      waiting_.clear();
      if (batches > 0) {
        lock.unlock();
        std::string problem = records_->commit(group);
        report(problem, batches, last);
        lock.lock();
        trouble_ = std::move(problem);
        if (trouble_.empty()) {
          ++commits_;
          pause = 0ms;
          committed_(std::exchange(batches, 0));
          group.clear();
        } else {
          pause = std::clamp<std::chrono::milliseconds>(pause * 2, first_pause, longest_pause);
        }
      }
      // A batch that came in while the last attempt was under way still gets its own.
      if (last && waiting_.empty()) return;
    }
  }

  void report(const std::string& problem, std::uint64_t batches, bool last) {
    if (problem.empty()) {
      if (!reported_.empty()) log::info("the journal writes again; what was waiting is on disk");
    } else if (last) {
      log::error("the journal could not write {} changes that nobody was told of: {}", batches, problem);
    } else if (problem != reported_) {
      log::error("the journal cannot write: {}; changes are not acknowledged until it can", problem);
    }
    reported_ = problem;
  }

  const std::unique_ptr<SqliteRecords> records_;
  const std::function<void(std::uint64_t)> committed_;
  std::string reported_;  ///< the writer's thread only
  std::thread thread_;    ///< the loop's thread only

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::vector<RecordChange>> waiting_;
  std::string trouble_;
  std::uint64_t commits_ = 0;
  bool stopping_ = false;
};

}  // namespace

/// All members but what `Writer` guards belong to the loop's thread. Batches are numbered from 1 in the order
/// of their first change; `closed` have been handed to the writer, `durable` are on disk.
struct SqliteJournal::State : std::enable_shared_from_this<State> {
  explicit State(any_io_executor executor)
      : loop(boost::asio::prefer(std::move(executor), boost::asio::execution::outstanding_work.untracked)) {}

  const any_io_executor loop;
  std::vector<RecordChange> open_batch;
  bool open = false;
  std::uint64_t closed = 0;
  std::uint64_t durable = 0;
  std::uint64_t awaited = 0;  ///< the newest batch with a change that somebody may wait for
  std::deque<std::pair<std::uint64_t, OneShot<bool>>> waiters;
  std::optional<any_io_executor> busy;  ///< keeps the loop running while anything is on its way to disk
  std::optional<Writer> writer;         ///< last: its thread ends before the rest goes

  std::uint64_t newest() const { return closed + (open ? 1 : 0); }

  void add(RecordChange change, bool is_awaited = true) {
    open_batch.push_back(std::move(change));
    if (is_awaited) awaited = closed + 1;
    if (open) return;
    open = true;
    if (!busy) busy = boost::asio::prefer(loop, boost::asio::execution::outstanding_work.tracked);
    boost::asio::post(loop, [weak = weak_from_this()] {
      if (const auto state = weak.lock()) state->close();
    });
  }

  void close() {
    if (!open) return;
    open = false;
    ++closed;
    writer->submit(std::exchange(open_batch, {}));
  }

  void committed(std::uint64_t batches) {
    durable += batches;
    while (!waiters.empty() && waiters.front().first <= durable) {
      waiters.front().second.set(true);
      waiters.pop_front();
    }
    if (durable == newest()) busy.reset();
  }
};

Started<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::filesystem::path& database,
                                                            any_io_executor loop) {
  auto records = SqliteRecords::open(database);
  if (!records) return records.error();
  auto state = std::make_shared<State>(std::move(loop));
  auto committed = [weak = state->weak_from_this(), executor = state->loop](std::uint64_t batches) {
    boost::asio::post(executor, [weak, batches] {
      if (const auto alive = weak.lock()) alive->committed(batches);
    });
  };
  state->writer.emplace(std::move(*records), std::move(committed));
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(state)));
}

SqliteJournal::SqliteJournal(std::shared_ptr<State> state) : state_(std::move(state)) {}

SqliteJournal::~SqliteJournal() {
  state_->close();
  state_->writer.reset();
}

void SqliteJournal::put(std::string_view collection, std::string_view key, std::string value) {
  state_->add({RecordChange::Kind::Put, std::string(collection), std::string(key), std::move(value)});
}

void SqliteJournal::put_unawaited(std::string_view collection, std::string_view key, std::string value) {
  state_->add({RecordChange::Kind::Put, std::string(collection), std::string(key), std::move(value)}, false);
}

void SqliteJournal::erase_unawaited(std::string_view collection, std::string_view key) {
  state_->add({RecordChange::Kind::Erase, std::string(collection), std::string(key)}, false);
}

void SqliteJournal::erase(std::string_view collection, std::string_view key) {
  state_->add({RecordChange::Kind::Erase, std::string(collection), std::string(key)});
}

void SqliteJournal::clear() {
  state_->open_batch.clear();
  state_->add({RecordChange::Kind::Clear});
}

Task<> SqliteJournal::settled() {
  const std::uint64_t awaited = state_->awaited;
  if (state_->durable >= awaited) co_return;
  OneShot<bool> on_disk;
  state_->waiters.emplace_back(awaited, on_disk);
  co_await on_disk.wait();
}

bool SqliteJournal::is_settled() const noexcept { return state_->durable >= state_->awaited; }

bool SqliteJournal::is_written() const noexcept { return state_->durable == state_->newest(); }

void SqliteJournal::load(std::string_view collection, const Visitor& visit) {
  state_->writer->records().load(collection, visit);
}

std::string SqliteJournal::trouble() const { return state_->writer->trouble(); }

std::uint64_t SqliteJournal::commits() const { return state_->writer->commits(); }

}  // namespace aviary::host
