#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "ports/journal.hpp"
#include "ports/unawaited_journal.hpp"
#include "services/logs/core/event_chunk.hpp"

namespace aviary::logs {

/// Log events in the journal, in the order of their arrival. What is added is gathered and goes to disk with
/// the next `flush`, many events a record, so that what functions write costs the invoke path an append to a
/// string. What is older than `budget` bytes of records goes, the oldest record first.
///
/// Knows streams by number only: an event of a stream that is no more is skipped by whoever reads.
class EventJournal {
 public:
  EventJournal(Journal& journal, std::size_t budget)
      : journal_(journal), unawaited_(journal), budget_(budget) {}

  bool durable() const noexcept { return journal_.durable(); }
  /// `promised`: somebody is told that it lasts, and a flush follows. Other events are left out, and counted,
  /// while the disk takes nothing and much is waiting for it.
  void add(std::uint64_t stream, const Event& event, bool promised);
  void flush();
  /// Whether something waits for a flush, and how much of it there may be.
  bool pending() const noexcept { return pending_; }
  bool is_full() const noexcept { return record_.size() >= most_pending; }
  /// Called when the first event comes that waits.
  void on_pending(std::function<void()> callback) { on_pending_ = std::move(callback); }

  using Visitor = std::function<void(std::uint64_t stream, const Event& event)>;
  /// Every event, in order of arrival. Once, before the first `add`.
  void load(const Visitor& visit);
  /// The journal has been cleared.
  void forget();

  /// Bytes of all records.
  std::size_t bytes() const noexcept { return bytes_ + record_.size(); }
  /// Events that are in memory only.
  std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  /// A record that has this much is not written to any more: the next events begin another.
  static constexpr std::size_t full_record = 4 * 1024;
  static constexpr std::size_t most_pending = 1024 * 1024;
  static constexpr std::size_t most_on_its_way = 16 * 1024 * 1024;

  struct Written {
    std::uint64_t number;
    std::size_t size;
    bool is_first;  ///< of the first format
  };
  /// What the next event of a record is told apart from.
  struct Last {
    std::uint64_t sequence = 0;
    std::uint64_t timestamp = 0;
  };

  bool has_room();
  void append(std::uint64_t stream, const Event& event);

  Journal& journal_;
  UnawaitedWrites unawaited_;
  std::size_t budget_;
  std::string record_;           ///< the last one, as far as it is
  Last last_;                    ///< its last event
  std::uint64_t number_ = 1;     ///< its key
  std::deque<Written> written_;  ///< those before it
  std::size_t bytes_ = 0;        ///< of `written_`
  std::size_t on_its_way_ = 0;   ///< bytes put since the journal was last seen settled
  std::uint64_t left_out_ = 0;
  bool pending_ = false;
  bool promised_ = false;  ///< of what waits for a flush, some is
  std::function<void()> on_pending_;
};

}  // namespace aviary::logs
