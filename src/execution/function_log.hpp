#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "execution/observations.hpp"
#include "execution/observers.hpp"
#include "execution/output_frames.hpp"
#include "ports/clock.hpp"

namespace aviary::execution {

class Telemetry;

/// One environment's log: cuts what the processes write into lines, adds the platform's, hands all to the
/// sinks, and keeps the end of the current invocation's part for `LogResult`.
///
/// Costs nothing while nobody listens: callers ask `wanted` before they make a platform line.
class FunctionLog final : private OutputFrames::Receiver {
 public:
  /// LogResult: the last 4 KB.
  static constexpr std::size_t tail_bytes = 4096;
  /// Longest line: what CloudWatch Logs takes as one event. A longer one is cut.
  static constexpr std::size_t line_bytes = 256 * 1024;

  FunctionLog(const EnvironmentIdentity& identity, std::shared_ptr<Observations> observations, Clock& clock)
      : identity_(identity), observations_(std::move(observations)), clock_(clock) {}
  /// What was noted of the environment names it.
  ~FunctionLog() { observations_->settle(); }
  FunctionLog(const FunctionLog&) = delete;
  FunctionLog& operator=(const FunctionLog&) = delete;

  bool wanted() const noexcept { return tailing_ || observations_->logs() || telemetry_ != nullptr; }
  /// Gets the function's lines too; null: nobody. Outlives this, or is taken away before it goes.
  void set_telemetry(Telemetry* telemetry) { telemetry_ = telemetry; }
  /// A whole line that an extension wrote.
  void extension_line(std::string_view whole);

  /// What a process wrote, as it arrives.
  void output(std::string_view bytes);
  /// A whole line of the platform's, final newline included; an empty one is none. `at`: when, by the clock.
  void platform(std::string_view line, Instant at);
  void platform(std::string_view line) { platform(line, clock_.now()); }
  /// START of an invocation.
  void start(Instant at, std::string_view request_id, std::string_view invoked_arn, std::string_view trace);
  /// END and REPORT of an invocation, and before them the line of what went wrong, if it is not empty.
  void end(Instant at, std::string_view log_line, const platform_log::Report& report);
  /// Ends a line that the process left unfinished: at the end of an invocation.
  void flush();
  /// The process is gone: ends also a record that it left unfinished.
  void end_output();

  void begin_tail();
  /// The kept end of the log, and stops keeping it.
  std::string take_tail();
  bool tailing() const noexcept { return tailing_; }
  /// In place of the two above, where invocations run side by side: every line goes here. Null: no more.
  using Tap = std::function<void(std::string_view)>;
  void set_tap(Tap tap) {
    tap_ = std::move(tap);
    tailing_ = static_cast<bool>(tap_);
  }

 private:
  void on_text(std::string_view bytes) override;
  void on_record(std::string_view text) override;
  void line(std::string_view whole);
  void emit(std::string_view whole, Instant at);
  bool takes_notes() const { return !tailing_ && partial_.empty() && observations_->takes_notes(); }

  const EnvironmentIdentity& identity_;
  const std::shared_ptr<Observations> observations_;
  Clock& clock_;
  OutputFrames frames_;
  std::string partial_;
  std::string tail_;
  bool tailing_ = false;
  Tap tap_;
  Telemetry* telemetry_ = nullptr;
};

}  // namespace aviary::execution
