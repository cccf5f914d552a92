#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "ports/records.hpp"
#include "services/logs/core/event_journal.hpp"
#include "services/logs/core/log_group.hpp"

namespace aviary::logs {

/// What a budget of memory has cost so far.
struct Losses {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  ///< of text
  Millis newest = 0;        ///< time of the youngest event that was dropped for want of room
};

/// All log groups of all accounts and regions, with their settings, filters, streams and events. Events live
/// in memory, within one budget for all: when it is spent, the oldest chunk of events goes first, whosever it
/// is. All of it lasts with the journal: groups and streams that were created by name at once, events and
/// the streams that were made for them with the next `flush`.
///
/// Lives on the loop's thread; knows no clock.
class LogStore {
 public:
  struct Options {
    std::size_t budget = 64U << 20U;  ///< bytes for all events, streams included
  };

  LogStore(Journal& journal, Options options);

  LogGroup* find_group(const Scope& scope, std::string_view name);
  /// Null if there is one of that name.
  LogGroup* create_group(const Scope& scope, std::string_view name, Millis now);
  void erase_group(LogGroup& group);
  /// Makes what was changed in the group's settings and filters last.
  void save(const LogGroup& group);
  using Groups = std::map<std::string, std::unique_ptr<LogGroup>, std::less<>>;
  /// By name; an empty one if nothing lives there.
  const Groups& groups(const Scope& scope) const;
  void for_each_group(const std::function<void(LogGroup&)>& visit);

  LogStream* find_stream(LogGroup& group, std::string_view name);
  LogStream* find_stream(std::uint64_t id);
  /// Null if there is one of that name.
  LogStream* create_stream(LogGroup& group, std::string_view name, Millis now);
  void erase_stream(LogStream& stream);
  /// As Lambda does it: group and stream are made when they are first written to.
  LogStream& open_stream(const Scope& scope, std::string_view group, std::string_view stream, Millis now);

  /// Takes one event in; answers its key. The text is copied. `promised`: the caller is told that it lasts,
  /// and `flush` follows.
  EventKey append(LogStream& stream, Millis timestamp, Millis ingested, std::string_view text,
                  bool promised = false);
  /// Drops chunks all of whose events have outlived the group's retention.
  void expire(LogGroup& group, Millis now);

  /// Makes the events that have come so far last.
  void flush();
  EventJournal& event_journal() noexcept { return event_journal_; }

  void restore();
  /// Forgets everything. Whoever resets the emulator clears the journal.
  void clear();

  std::size_t bytes() const noexcept { return bytes_; }
  const Options& options() const noexcept { return options_; }
  const Losses& losses() const noexcept { return losses_; }
  /// For `/_aviary/info`: `groups`, `streams`, `events`, `bytes`, `budget_bytes`, `dropped_events`,
  /// `dropped_bytes`, `journal_bytes`, `unwritten_events`.
  Json counts() const;

 private:
  LogStream& add_stream(LogGroup& group, std::string_view name, Millis created, bool implicit,
                        std::uint64_t id);
  void save(const LogStream& stream);
  void place(LogStream& stream, const Event& event);
  EventChunk& add_chunk(LogStream& stream, std::size_t place, Millis ingested);
  EventChunk& chunk_for(LogStream& stream, EventKey key, std::size_t bytes, Millis ingested);
  /// Forgets a chunk at the stream's front or wherever it is.
  void drop_chunk(LogStream& stream, std::size_t index);
  void make_room(const EventChunk& spare);
  static std::size_t footprint(const LogStream& stream);

  Options options_;
  Records<Json> group_records_;
  Records<Json> stream_records_;
  EventJournal event_journal_;
  std::vector<std::uint64_t> unsaved_streams_;  ///< made for their events, to be written with these
  std::map<Scope, Groups> groups_;
  std::unordered_map<std::uint64_t, LogStream*> streams_;
  LogStream* last_found_ = nullptr;                   ///< by its number: events come in runs
  std::map<std::uint64_t, LogStream*> chunk_owners_;  ///< by the chunk's id: the oldest first
  std::uint64_t next_stream_ = 1;
  std::uint64_t next_chunk_ = 1;
  std::uint64_t next_sequence_ = 1;
  std::size_t bytes_ = 0;
  std::size_t events_ = 0;
  Losses losses_;
};

}  // namespace aviary::logs
