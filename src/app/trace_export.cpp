#include "app/trace_export.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "app/otlp_spans.hpp"
#include "base/log.hpp"
#include "http/client.hpp"

namespace aviary::app {
namespace {

using namespace std::chrono_literals;

constexpr auto gather_for = 500ms;
constexpr auto usual_timeout = 5000ms;
constexpr auto last_timeout = 1000ms;

/// A collector's address is the base of its signals' paths (OTLP specification, "OTLP/HTTP request").
std::string traces_path(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path + "/v1/traces";
}

}  // namespace

TraceExport::TraceExport(boost::asio::any_io_executor executor, Stopwatch& stopwatch, std::string url,
                         http::Url address, std::shared_ptr<http::Trust> trust)
    : executor_(executor),
      stopwatch_(stopwatch),
      url_(std::move(url)),
      address_(std::move(address)),
      trust_(std::move(trust)),
      tasks_(std::move(executor)) {
  address_.target = traces_path(std::move(address_.target));
}

void TraceExport::on_trace(execution::Trace trace) {
  if (stopping_) return;
  if (waiting_.size() >= most_waiting) {
    waiting_.pop_front();
    ++dropped_;
  }
  waiting_.push_back(std::move(trace));
  schedule();
}

void TraceExport::schedule() {
  if (timer_ != 0 || sending_ || stopping_ || waiting_.empty()) return;
  timer_ = stopwatch_.call_after(gather_for, [this] {
    timer_ = 0;
    sending_ = true;
    tasks_.spawn("export of traces", send_waiting());
  });
}

Task<> TraceExport::send_waiting() {
  auto sending = send_batch(usual_timeout);
  co_await std::move(sending);
  sending_ = false;
  schedule();
}

Task<> TraceExport::send_batch(std::chrono::milliseconds timeout) {
  const std::size_t count = std::min(waiting_.size(), batch);
  if (count == 0) co_return;
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<execution::Trace> traces(std::make_move_iterator(waiting_.begin()),
                                             std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  http::Outgoing request = http::request_to(address_, "POST", trust_);
  request.body = otlp_request(traces).dump(-1, ' ', false, Json::error_handler_t::replace);
  request.headers.emplace_back("Content-Type", "application/json");
  http::FetchLimits limits;
  limits.timeout = timeout;
  auto fetching = http::fetch(executor_, stopwatch_, std::move(request), limits);
  const auto answer = co_await std::move(fetching);
  if (answer && answer->status < 300) {
    sent_ += count;
    problem_.clear();
    co_return;
  }
  dropped_ += count;
  const bool first = problem_.empty();
  problem_ = answer ? fmt::format("the collector answers {}", answer->status) : answer.error().text;
  if (first) log::warn("traces do not reach {}: {}", url_, problem_);
}

Task<> TraceExport::stop() {
  stopping_ = true;
  if (timer_ != 0) stopwatch_.cancel(std::exchange(timer_, 0));
  co_await tasks_.join();
  // A collector that was away is not waited for once more.
  if (problem_.empty()) {
    auto sending = send_batch(last_timeout);
    co_await std::move(sending);
  }
}

Json TraceExport::report() const {
  return {{"endpoint", url_},
          {"sent", sent_},
          {"dropped", dropped_},
          {"waiting", waiting_.size()},
          {"last_problem", problem_.empty() ? Json(nullptr) : Json(problem_)}};
}

}  // namespace aviary::app
