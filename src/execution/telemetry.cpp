#include "execution/telemetry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bounded_json.hpp"
#include "base/time.hpp"

namespace aviary::execution {
namespace {

/// What is kept of a start for who subscribes later.
constexpr std::size_t most_early_bytes = 1 << 20;
/// An extension that does not keep up loses what is beyond so many full batches.
constexpr std::size_t most_batches = 4;
/// Nobody may listen yet where a quick extension subscribed: so often it is tried, and so far apart.
constexpr int attempts = 3;
constexpr auto between_attempts = std::chrono::milliseconds(100);

/// What the Logs API calls it; empty: it does not have it.
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
std::string_view logs_name(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> names{{
      {"platform.start", "platform.start"},
      {"platform.end", "platform.end"},
      {"platform.fault", "platform.fault"},
      {"platform.runtimeDone", "platform.runtimeDone"},
      {"platform.report", "platform.report"},
      {"platform.extension", "platform.extension"},
      {"platform.telemetrySubscription", "platform.logsSubscription"},
      {"function", "function"},
      {"extension", "extension"},
  }};
  for (const auto& [ours, theirs] : names)
    if (ours == type) return theirs;
  return type == "platform.logsDropped" ? type : std::string_view();
}

std::string encoded_event(const std::string& time, std::string_view type, const OrderedJson& record) {
  OrderedJson event;
  event["time"] = time;
  event["type"] = type;
  event["record"] = record;
  return event.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

bool wanted_by(const TelemetrySubscription& to, std::string_view type) {
  if (type == "function") return to.function;
  if (type == "extension") return to.extensions;
  if (!to.platform) return false;
  if (!to.logs_api) return type != "platform.end" && type != "platform.fault";
  return type != "platform.runtimeDone" || to.schema == "2021-03-18";
}

std::string batch_of(const std::vector<std::string>& events, bool tcp) {
  std::string body = tcp ? "" : "[";
  for (const std::string& event : events) {
    if (!tcp && body.size() > 1) body += ',';
    body += event;
    if (tcp) body += '\n';
  }
  if (!tcp) body += ']';
  return body;
}

}  // namespace

void Telemetry::platform(std::string_view type, OrderedJson record) {
  if (closed_) return;
  Event event;
  event.type = "platform.";
  event.type += type;
  const std::string time = iso8601(clock_.now());
  event.text = encoded_event(time, event.type, record);
  if (const std::string_view logs = logs_name(event.type); !logs.empty())
    event.logs_text = encoded_event(time, logs, record);
  tell(std::move(event));
}

void Telemetry::line(bool of_function, std::string_view text, bool json) {
  if (closed_) return;
  while (text.ends_with('\n')) text.remove_suffix(1);
  Event event;
  event.type = of_function ? "function" : "extension";
  OrderedJson record;
  if (json) {
    record = parse_bounded<OrderedJson>(text);
    if (!record.is_object()) record = OrderedJson();
  }
  if (record.is_null()) record = text;
  event.text = encoded_event(iso8601(clock_.now()), event.type, record);
  event.logs_text = event.text;
  tell(std::move(event));
}

void Telemetry::tell(Event event) {
  const std::vector<FeedPtr> feeds = feeds_;
  for (const FeedPtr& feed : feeds) give(feed, event);
  if (!open_ || early_bytes_ + event.text.size() > most_early_bytes) return;
  early_bytes_ += event.text.size();
  early_.push_back(std::move(event));
}

void Telemetry::give(const FeedPtr& feed, const Event& event) {
  if (!wanted_by(feed->to, event.type)) return;
  const std::string& text = feed->to.logs_api ? event.logs_text : event.text;
  if (text.empty()) return;
  if (feed->bytes + text.size() > most_batches * feed->to.max_bytes) {
    ++feed->dropped_records;
    feed->dropped_bytes += text.size();
    return;
  }
  feed->bytes += text.size();
  feed->waiting.push_back(text);
  if (feed->waiting.size() >= feed->to.max_items || feed->bytes >= feed->to.max_bytes) {
    send(feed);
  } else if (feed->timer == 0 && !feed->sending) {
    const std::weak_ptr<Telemetry> weak = weak_from_this();
    feed->timer = stopwatch_.call_after(feed->to.timeout, [weak, feed] {
      feed->timer = 0;
      if (const auto self = weak.lock()) self->send(feed);
    });
  }
}

void Telemetry::subscribe(TelemetrySubscription subscription) {
  // A second subscription of an extension replaces its first.
  std::erase_if(feeds_, [&](const FeedPtr& feed) {
    if (feed->to.extension != subscription.extension || feed->to.logs_api != subscription.logs_api)
      return false;
    if (feed->timer != 0) stopwatch_.cancel(std::exchange(feed->timer, 0));
    return true;
  });
  auto feed = std::make_shared<Feed>();
  feed->to = std::move(subscription);
  feeds_.push_back(feed);
  for (const Event& event : early_) give(feed, event);
  OrderedJson record;
  record["name"] = feed->to.extension;
  record["state"] = "Subscribed";
  record["types"] = type_names(feed->to);
  platform("telemetrySubscription", std::move(record));
}

void Telemetry::close_subscriptions() {
  open_ = false;
  early_.clear();
  early_.shrink_to_fit();
}

bool Telemetry::pending() const {
  return std::any_of(feeds_.begin(), feeds_.end(),
                     [](const FeedPtr& feed) { return feed->sending || !feed->waiting.empty(); });
}

OneShot<bool> Telemetry::flush() {
  const OneShot<bool> done;
  flushing_.push_back(done);
  const std::vector<FeedPtr> feeds = feeds_;
  for (const FeedPtr& feed : feeds) send(feed);
  settle_flush();
  return done;
}

void Telemetry::settle_flush() {
  if (!closed_ && pending()) return;
  for (const OneShot<bool>& waiting : std::exchange(flushing_, {})) waiting.set(true);
}

void Telemetry::send(const FeedPtr& feed) {
  if (closed_ || feed->sending || feed->waiting.empty()) return;
  if (feed->timer != 0) stopwatch_.cancel(std::exchange(feed->timer, 0));
  feed->sending = true;
  tasks_.spawn("deliver telemetry", deliver(shared_from_this(), feed));
}

Task<> Telemetry::deliver(std::shared_ptr<Telemetry> self, FeedPtr feed) {
  while (!self->closed_ && !feed->waiting.empty()) {
    const std::vector<std::string> events = std::exchange(feed->waiting, {});
    const std::size_t bytes = std::exchange(feed->bytes, 0);
    bool there = false;
    for (int attempt = 0; attempt < attempts && !there && !self->closed_; ++attempt) {
      if (attempt > 0) {
        auto pausing = sleep_for(self->stopwatch_, between_attempts);
        co_await std::move(pausing);
      }
      std::string body = batch_of(events, feed->to.destination.tcp);
      auto delivering = self->endpoints_.deliver(feed->to.destination, std::move(body));
      there = co_await std::move(delivering);
    }
    if (!there) {
      feed->dropped_records += events.size();
      feed->dropped_bytes += bytes;
      break;
    }
    if (feed->dropped_records != 0) {
      OrderedJson record;
      record["droppedBytes"] = std::exchange(feed->dropped_bytes, 0);
      record["droppedRecords"] = std::exchange(feed->dropped_records, 0);
      record["reason"] = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";
      const std::string text = encoded_event(iso8601(self->clock_.now()), "platform.logsDropped", record);
      feed->bytes += text.size();
      feed->waiting.push_back(text);
    }
  }
  feed->sending = false;
  self->settle_flush();
}

void Telemetry::close() {
  closed_ = true;
  for (const FeedPtr& feed : feeds_)
    if (feed->timer != 0) stopwatch_.cancel(std::exchange(feed->timer, 0));
  settle_flush();
}

}  // namespace aviary::execution
