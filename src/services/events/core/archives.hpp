#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_pattern.hpp"
#include "services/events/core/rules.hpp"

namespace aviary::events {

struct ArchivedEvent {
  Instant at{};  ///< the event's own time
  Json event{};
  std::size_t bytes = 0;
};

/// What of a bus's events is kept, and for how long.
struct Archive {
  std::string name;
  std::string bus;
  std::string description{};
  std::string pattern{};  ///< as it was given; empty: all events
  std::string key{};      ///< KmsKeyIdentifier
  int days = 0;           ///< 0: for ever
  Instant created{};
  std::optional<EventPattern> reads{};              ///< `pattern`, read
  std::map<std::uint64_t, ArchivedEvent> events{};  ///< in the order of their coming
  std::uint64_t next = 0;
  std::size_t bytes = 0;

  std::string arn(const Scope& scope) const;
};

/// A replay that was asked for. It is through when the answer is sent.
struct Replay {
  std::string name;
  std::string archive;  ///< ARN
  std::string description{};
  Json destination = Json::object();
  Instant from{};
  Instant to{};
  Instant started{};
  std::optional<Instant> last{};  ///< time of the last event that went out
  std::string arn(const Scope& scope) const;
};

/// All archives and replays. Lives on the loop's thread.
///
/// An archive holds `most_kept` events at the most; the oldest give way.
class Archives {
 public:
  explicit Archives(Journal& journal);

  static constexpr std::size_t most_kept = 100'000;

  using ByName = std::map<std::string, Archive, std::less<>>;
  using Replays = std::map<std::string, Replay, std::less<>>;
  ByName& all(const Scope& scope) { return archives_[scope]; }
  Replays& replays(const Scope& scope) { return replays_[scope]; }

  Archive* find(const Scope& scope, std::string_view name);
  void put(const Scope& scope, Archive archive);
  /// After what it is, not what it holds, was changed in place.
  void save(const Scope& scope, Archive& archive);
  void erase(const Scope& scope, const std::string& name);
  void put(const Scope& scope, Replay replay);

  /// An event came to a bus: those archives that want it have it. Replayed events are not kept again.
  void take(const Scope& scope, const std::string& bus, const Json& event);
  /// What is older than its archive keeps it goes.
  void expire(const Scope& scope, Archive& archive, Instant now);
  /// Copies, by their own times, the oldest first.
  static std::vector<ArchivedEvent> between(const Archive& archive, Instant from, Instant to);

  void restore();
  void clear();

 private:
  void drop(const Scope& scope, Archive& archive, std::uint64_t number);

  std::map<Scope, ByName> archives_;
  std::map<Scope, Replays> replays_;
  Records<Json> archive_records_;
  Records<Json> event_records_;
  Records<Json> replay_records_;
};

}  // namespace aviary::events
