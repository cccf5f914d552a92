#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/json.hpp"
#include "execution/tracer.hpp"
#include "http/trust.hpp"
#include "http/url.hpp"
#include "ports/clock.hpp"
#include "ports/task_group.hpp"

namespace aviary::app {

/// Sends traces to an OTLP/HTTP collector, in the background and in batches: one request at a time. What it
/// cannot send, because the collector is away or slow, is dropped and counted; nobody waits for it.
///
/// Lives on the loop. `stop` must have completed before it is destroyed.
class TraceExport final : public execution::TraceSink {
 public:
  static constexpr std::size_t most_waiting = 2000;
  static constexpr std::size_t batch = 200;

  TraceExport(boost::asio::any_io_executor executor, Stopwatch& stopwatch, std::string url, http::Url address,
              std::shared_ptr<http::Trust> trust);

  void on_trace(execution::Trace trace) override;
  /// Sends what waits, if that takes no longer than a second, and ends.
  Task<> stop();
  /// `{"endpoint", "sent", "dropped", "waiting", "last_problem"}`, counted in invocations.
  Json report() const;

 private:
  void schedule();
  Task<> send_waiting();
  Task<> send_batch(std::chrono::milliseconds timeout);

  boost::asio::any_io_executor executor_;
  Stopwatch& stopwatch_;
  std::string url_;
  http::Url address_;
  std::shared_ptr<http::Trust> trust_;
  TaskGroup tasks_;
  std::deque<execution::Trace> waiting_;
  TimerId timer_ = 0;
  bool sending_ = false;
  bool stopping_ = false;
  std::uint64_t sent_ = 0;
  std::uint64_t dropped_ = 0;
  std::string problem_;
};

}  // namespace aviary::app
