#include "services/lambda/jobs/event_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"

namespace aviary::lambda {
namespace {

using namespace std::chrono_literals;

/// One second, doubling, never more than five minutes.
Duration throttle_wait(std::uint32_t throttles) {
  return std::min<Duration>(1s * (1LL << std::min(throttles, 9U)), 5min);
}

/// `…:function:name:VERSION/durable-execution/…`
std::string durable_version(std::string_view arn) {
  arn = arn.substr(0, arn.find('/'));
  return std::string(arn.substr(arn.rfind(':') + 1));
}

}  // namespace

EventQueue::EventQueue(Clock& clock, boost::asio::any_io_executor executor, Journal& journal,
                       FunctionStore& store, Dispatcher& dispatcher, FunctionRunner& runner,
                       Messenger& messenger, Random& ids)
    : clock_(clock),
      attempts_(std::move(executor)),
      journal_(journal),
      records_(journal, "lambda.events"),
      store_(store),
      dispatcher_(dispatcher),
      runner_(runner),
      messenger_(messenger),
      ids_(ids) {}

void EventQueue::accept(Event event) {
  const std::uint64_t id = next_id_++;
  save(id, event);
  notify(EventHappening::Received, event);
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
  const Function* function = store_.find(event.scope, event.function_name, at);
  if (!function || !store_.find_qualified(*function, event.qualifier)) {
    log::warn("asynchronous invocation {} dropped: {} is gone", event.request_id, event.function_name);
    notify(EventHappening::Dropped, event);
    finish(id);
    co_return;
  }
  const EventSettings before = event_settings_of(store_, *function, event.qualifier);
  std::string_view refused;
  if (event.looped)
    refused = "RecursiveInvocation";
  else if (before.switched_off)
    refused = "ZeroReservedConcurrency";
  else if (at.now - event.accepted > before.maximum_age)
    refused = "EventAgeExceeded";
  if (!refused.empty()) {
    conclude(id, found->second, before, refused, {});
    co_return;
  }
  notify(EventHappening::Started, event);
  LastAttempt last;
  Result<Outcome> outcome = Outcome{};
  if (!event.durable_execution.empty()) {
    last.executed_version = durable_version(event.durable_execution);
    auto waiting = runner_.run(Invocation{.request_id = event.request_id,
                                          .version = nullptr,
                                          .invoked_arn = {},
                                          .payload = {},
                                          .durable_execution = event.durable_execution});
    ++awaited_executions_;
    outcome = co_await std::move(waiting);
    --awaited_executions_;
  } else if (Result<InvokeTarget> target =
                 dispatcher_.resolve(event.scope, event.function_name, event.qualifier, {}, nullptr, at);
             target) {
    last.executed_version = target->version->number;
    Invocation invocation{.request_id = event.request_id,
                          .version = target->version,
                          .invoked_arn = std::move(target->invoked_arn),
                          .payload = event.payload,
                          .trace_id = event.trace_id,
                          .tenant_id = event.tenant_id};
    outcome = co_await runner_.run(std::move(invocation));
  } else {
    outcome = target.error();
  }

  found = events_.find(id);
  if (found == events_.end()) co_return;
  Waiting& waiting = found->second;
  const Moment then{.now = clock_.now(), .ids = ids_};
  const Function* still = store_.find(waiting.event.scope, waiting.event.function_name, then);
  const EventSettings settings = still ? event_settings_of(store_, *still, waiting.event.qualifier) : before;
  if (outcome) {
    last.function_error = outcome->function_error;
    last.payload = outcome->payload;
  }
  judge(id, waiting, settings, outcome, std::move(last));
}

/// What comes after an attempt.
void EventQueue::judge(std::uint64_t id, Waiting& waiting, const EventSettings& settings,
                       const Result<Outcome>& outcome, LastAttempt last) {
  const Duration age = clock_.now() - waiting.event.accepted;
  if (!outcome) {
    const Duration delay = throttle_wait(waiting.event.throttles++);
    if (age + delay > settings.maximum_age)
      conclude(id, waiting, settings, "EventAgeExceeded", {});
    else
      retry(id, waiting, delay);
  } else if (last.function_error.empty()) {
    conclude(id, waiting, settings, "Success", last);
  } else if (++waiting.event.failures > settings.retries || !waiting.event.durable_execution.empty()) {
    conclude(id, waiting, settings, "RetriesExhausted", last);
  } else if (const Duration delay = 1min * waiting.event.failures; age + delay > settings.maximum_age) {
    conclude(id, waiting, settings, "EventAgeExceeded", last);
  } else {
    retry(id, waiting, delay);
  }
}

void EventQueue::retry(std::uint64_t id, Waiting& waiting, Duration delay) {
  save(id, waiting.event);
  waiting.timer = clock_.call_at(clock_.now() + delay, [this, id] { start(id); });
}

/// The event has come to its end: whoever is to know is told, then it is forgotten.
void EventQueue::conclude(std::uint64_t id, Waiting& waiting, const EventSettings& settings,
                          std::string_view condition, const LastAttempt& last) {
  const Event& event = waiting.event;
  const bool success = condition == "Success";
  const Instant now = clock_.now();
  if (!success) {
    notify(EventHappening::Dropped, event);
    if (event.looped) notify(EventHappening::RecursionDropped, event);
    log::info("asynchronous invocation {} of {} dropped: {}", event.request_id, event.function_name,
              condition);
  }
  std::vector<std::pair<OutgoingMessage, EventHappening>> messages;
  if (const std::string& target = success ? settings.on_success : settings.on_failure; !target.empty()) {
    const std::uint32_t attempts = event.failures + (success ? 1 : 0);
    messages.emplace_back(
        destination_message(event, target, event_record(event, condition, attempts, last, now), success, now,
                            ids_.uuid()),
        EventHappening::DestinationFailed);
  }
  if (!success && !settings.dead_letter_queue.empty())
    messages.emplace_back(dead_letter(event, settings.dead_letter_queue, last, condition),
                          EventHappening::DeadLetterFailed);
  waiting.messages = static_cast<int>(messages.size());
  if (messages.empty()) finish(id);
  for (auto& [message, on_problem] : messages) send(id, std::move(message), on_problem);
}

void EventQueue::send(std::uint64_t id, OutgoingMessage message, EventHappening on_problem) {
  std::string target = message.target;
  const std::weak_ptr<bool> here = here_;
  messenger_.send(std::move(message), [this, here, id, on_problem, target = std::move(target)](
                                          const std::optional<std::string>& problem) {
    if (here.expired()) return;
    const auto found = events_.find(id);
    if (found == events_.end()) return;
    if (problem) {
      log::warn("asynchronous invocation {}: {} was not reached: {}", found->second.event.request_id, target,
                *problem);
      notify(on_problem, found->second.event);
    }
    if (--found->second.messages <= 0) finish(id);
  });
}

void EventQueue::finish(std::uint64_t id) {
  events_.erase(id);
  records_.erase(fmt::format("{:020}", id));
}

void EventQueue::notify(EventHappening happening, const Event& event) const {
  const EventNotice notice{.happening = happening,
                           .scope = event.scope,
                           .function_name = event.function_name,
                           .qualifier = event.qualifier,
                           .age = clock_.now() - event.accepted};
  for (EventObserver* observer : observers_) observer->on_event(notice);
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
                                                {"throttles", event.throttles},
                                                {"looped", event.looped},
                                                {"durable", event.durable_execution},
                                                {"tenant", event.tenant_id}});
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
                .throttles = record.at("throttles"),
                .looped = record.value("looped", false),
                .durable_execution = record.value("durable", std::string()),
                .tenant_id = record.value("tenant", std::string())};
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

std::size_t EventQueue::forget(const Scope& scope, std::string_view function_name) {
  std::vector<std::uint64_t> gone;
  for (const auto& [id, waiting] : events_) {
    if (waiting.event.scope != scope || waiting.event.function_name != function_name) continue;
    if (waiting.timer != 0) clock_.cancel(waiting.timer);
    notify(EventHappening::Dropped, waiting.event);
    gone.push_back(id);
  }
  for (const std::uint64_t id : gone) finish(id);
  return gone.size();
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
