#include "services/lambda/jobs/event_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;

/// MaximumRetryAttempts and MaximumEventAgeInSeconds, until a function may set its own.
constexpr std::uint32_t retries = 2;
constexpr Duration maximum_age = 6h;

/// One second, doubling, never more than five minutes.
Duration throttle_wait(std::uint32_t throttles) {
  return std::min<Duration>(1s * (1LL << std::min(throttles, 9U)), 5min);
}

}  // namespace

EventQueue::EventQueue(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                       Dispatcher& dispatcher, FunctionRunner& runner, Random& ids)
    : clock_(clock),
      attempts_(std::move(executor)),
      journal_(journal),
      records_(journal, "lambda.events"),
      dispatcher_(dispatcher),
      runner_(runner),
      ids_(ids) {}

void EventQueue::accept(Event event) {
  const std::uint64_t id = next_id_++;
  save(id, event);
  events_.emplace(id, Waiting{.event = std::move(event)});
  start(id);
}

void EventQueue::start(std::uint64_t id) { attempts_.spawn("asynchronous invocation", attempt(id)); }

Task<> EventQueue::attempt(std::uint64_t id) {
  auto found = events_.find(id);
  if (found == events_.end()) co_return;
  found->second.timer = 0;
  const Event& event = found->second.event;
  const Moment at{.now = clock_.now(), .ids = ids_};
  Result<InvokeTarget> target =
      dispatcher_.resolve(event.scope, event.function_name, event.qualifier, {}, nullptr, at);
  if (!target && target.error().shape->status == 404) {
    log::warn("asynchronous invocation {} dropped: {}", event.request_id, target.error().message);
    finish(id);
    co_return;
  }
  bool throttled = !target;
  bool failed = false;
  if (target) {
    Invocation invocation{.request_id = event.request_id,
                          .version = target->version,
                          .invoked_arn = std::move(target->invoked_arn),
                          .payload = event.payload,
                          .trace_id = event.trace_id};
    const Result<Outcome> outcome = co_await runner_.run(std::move(invocation));
    throttled = outcome.has_error();
    failed = outcome.has_value() && !outcome->function_error.empty();
  }

  found = events_.find(id);
  if (found == events_.end()) co_return;
  Waiting& waiting = found->second;
  if (throttled) {
    const Duration delay = throttle_wait(waiting.event.throttles++);
    if (clock_.now() + delay - waiting.event.accepted > maximum_age) {
      log::warn("asynchronous invocation {} dropped: it is too old", waiting.event.request_id);
      finish(id);
    } else {
      retry(id, waiting, delay);
    }
  } else if (failed && ++waiting.event.failures <= retries) {
    retry(id, waiting, 1min * waiting.event.failures);
  } else {
    finish(id);
  }
}

void EventQueue::retry(std::uint64_t id, Waiting& waiting, Duration delay) {
  save(id, waiting.event);
  waiting.timer = clock_.call_at(clock_.now() + delay, [this, id] { start(id); });
}

void EventQueue::finish(std::uint64_t id) {
  events_.erase(id);
  records_.erase(fmt::format("{:020}", id));
}

void EventQueue::save(std::uint64_t id, const Event& event) {
  if (!journal_.durable()) return;
  records_.save(fmt::format("{:020}", id), Json{{"request_id", event.request_id},
                                                {"account", event.scope.account},
                                                {"region", event.scope.region},
                                                {"function", event.function_name},
                                                {"qualifier", event.qualifier},
                                                {"payload", event.payload},
                                                {"trace_id", event.trace_id},
                                                {"accepted", event.accepted.time_since_epoch().count()},
                                                {"failures", event.failures},
                                                {"throttles", event.throttles}});
}

void EventQueue::restore() {
  records_.load([this](std::string_view key, const Json& record) {
    const std::uint64_t id = std::stoull(std::string(key));
    Event event{.request_id = record.at("request_id"),
                .scope = {.account = record.at("account"), .region = record.at("region")},
                .function_name = record.at("function"),
                .qualifier = record.at("qualifier"),
                .payload = record.at("payload"),
                .trace_id = record.at("trace_id"),
                .accepted = Instant(Duration(record.at("accepted").get<Duration::rep>())),
                .failures = record.at("failures"),
                .throttles = record.at("throttles")};
    next_id_ = std::max(next_id_, id + 1);
    events_.emplace(id, Waiting{.event = std::move(event)});
  });
  for (const auto& [id, waiting] : events_) start(id);
}

void EventQueue::clear() {
  for (const auto& [id, waiting] : events_) {
    if (waiting.timer != 0) clock_.cancel(waiting.timer);
  }
  events_.clear();
}

Task<> EventQueue::stop() {
  for (auto& [id, waiting] : events_) {
    if (waiting.timer != 0) clock_.cancel(waiting.timer);
    waiting.timer = 0;
  }
  attempts_.cancel();
  co_await attempts_.join();
}

}  // namespace aviary::lambda
