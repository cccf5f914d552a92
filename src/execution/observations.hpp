#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "execution/observers.hpp"
#include "execution/platform_log.hpp"
#include "ports/clock.hpp"

namespace aviary::execution {

/// What invocations leave to be logged and counted, on its way to those who do it. Some hear of everything at
/// once. The late ones hear of it many notes together: an invocation leaves only numbers behind and the bytes
/// that the function wrote, and what makes lines and figures of them runs when some hundred have gathered,
/// after a moment, or when somebody is about to read. So it stays out of the processor's caches while
/// invocations run, and runs itself out of warm ones. In what order and with what time they hear of things is
/// the same either way.
///
/// Lives on the loop. Shared by the runner and what hands it notes of itself: a note names its environment,
/// which settles before it goes.
class Observations {
 public:
  Observations(Clock& clock, Stopwatch& stopwatch) : clock_(clock), stopwatch_(&stopwatch) {}
  Observations(const Observations&) = delete;
  Observations& operator=(const Observations&) = delete;

  void add(LogSink& sink) { sinks_.push_back(&sink); }
  void add(InvocationObserver& observer) { observers_.push_back(&observer); }
  void add_late(LogSink& sink) { late_sinks_.push_back(&sink); }
  void add_late(InvocationObserver& observer) { late_observers_.push_back(&observer); }
  void remove(LogSink& sink);
  void remove(InvocationObserver& observer);
  /// Whether the late ones may hear of something later. Without this they hear of everything at once.
  void defer_while(std::function<bool()> may) { may_defer_ = std::move(may); }

  /// Somebody wants lines; somebody wants to know of invocations.
  bool logs() const noexcept { return !sinks_.empty() || !late_sinks_.empty(); }
  bool counts() const noexcept { return !observers_.empty() || !late_observers_.empty(); }

  /// One event of a log, as `LogSink::on_line` has it.
  void line(const EnvironmentIdentity& environment, Instant at, std::string_view whole);
  /// Whether the platform's lines may be handed over as what they say; else as lines.
  bool takes_notes() const { return sinks_.empty() && !late_sinks_.empty() && defers(); }
  void start(const EnvironmentIdentity& environment, Instant at, std::string_view request_id,
             std::string_view invoked_arn, std::string_view trace);
  /// END and REPORT, and before them what went wrong, if that is a line.
  void end(const EnvironmentIdentity& environment, Instant at, std::string_view log_line,
           const platform_log::Report& report);

  void place_taken(const PlaceNotice& notice);
  void place_left(const PlaceNotice& notice);
  void invocation(const InvocationRecord& record);

  /// The late ones hear of all that has gathered. Does nothing from inside itself.
  void settle();
  /// For the last time, and nobody hears of anything any more.
  void close();

 private:
  enum class Kind : std::uint8_t { Line, Start, End, Taken, Left, Invocation };
  /// A piece of the batch's text.
  struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Figures {
    std::chrono::nanoseconds duration{};
    std::chrono::nanoseconds init_duration{};
    std::optional<std::chrono::nanoseconds> restore_duration{};
    std::optional<std::chrono::nanoseconds> after_runtime{};
    std::uint64_t billed_ms = 0;
    std::uint64_t max_memory_bytes = 0;
  };
  struct Note {
    Kind kind = Kind::Line;
    InvocationEnd end = InvocationEnd::Success;
    Charge charge = Charge::Unreserved;
    bool cold = false;
    bool provisioned = false;
    bool spilled = false;
    std::uint32_t subject = 0;
    std::uint32_t figures = 0;
    std::uint32_t places = 0;  ///< that the version has provisioned
    Instant at{};
    const EnvironmentIdentity* environment = nullptr;
    Piece id{};     ///< of the request
    Piece text{};   ///< the line, or the error's type
    Piece trace{};  ///< its header
  };
  /// What was invoked: the same for many notes in a row.
  struct Subject {
    lambda::VersionHandle version;  ///< null: does not matter
    std::string arn;
  };
  struct Batch {
    std::vector<Note> notes;
    std::vector<Figures> figures;
    std::vector<Subject> subjects;
    std::string text;

    std::string_view piece(Piece of) const { return std::string_view(text).substr(of.begin, of.size); }
    Piece keep(std::string_view bytes);
    std::uint32_t subject(const lambda::VersionHandle* version, std::string_view arn);
    void clear();
  };

  bool defers() const { return may_defer_ && may_defer_(); }
  /// The note that the caller fills in before anything else happens.
  Note& note(Kind kind, Instant at);
  void place(Kind kind, const PlaceNotice& notice);
  void tell(const Batch& batch, const Note& note);
  void tell_line(const EnvironmentIdentity& environment, Instant at, std::string_view whole);
  void tell_end(const Batch& batch, const Note& note);
  void tell_place(const Batch& batch, const Note& note);
  void tell_invocation(const Batch& batch, const Note& note);

  Clock& clock_;
  Stopwatch* stopwatch_;  ///< null: closed
  std::vector<LogSink*> sinks_, late_sinks_;
  std::vector<InvocationObserver*> observers_, late_observers_;
  std::function<bool()> may_defer_;
  Batch open_, closing_;
  bool settling_ = false;
  TimerId timer_ = 0;
};

}  // namespace aviary::execution
