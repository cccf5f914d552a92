#include "services/events/jobs/http_deliveries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aviary::events {
namespace {

bool is_worth_another_try(const HttpAnswer& answer) {
  return answer.status == 0 || answer.status == 409 || answer.status == 429 || answer.status >= 500;
}

/// 1, 2, 4, … seconds, at most five minutes: "exponential back off".
Duration pause_after(int tried) { return std::chrono::seconds(std::min(300, 1 << std::min(tried - 1, 9))); }

}  // namespace

void HttpDeliveries::send(HttpDelivery delivery, Done done) {
  const Instant now = clock_.now();
  Instant& free = free_at_[delivery.destination];
  free = std::max(free, now);
  const Duration delay = free - now;
  free += std::chrono::duration_cast<Duration>(std::chrono::seconds(1)) / std::max(delivery.rate, 1);
  const std::uint64_t number = next_++;
  waiting_.emplace(number, Waiting{.delivery = std::move(delivery), .done = std::move(done)});
  // A burst of a second's worth is let through as it comes.
  if (delay <= std::chrono::seconds(1)) {
    attempt(number);
  } else {
    wait(number, delay);
  }
}

void HttpDeliveries::wait(std::uint64_t number, Duration delay) {
  waiting_.at(number).timer = clock_.call_at(clock_.now() + delay, [this, number] {
    waiting_.at(number).timer = 0;
    attempt(number);
  });
}

void HttpDeliveries::attempt(std::uint64_t number) {
  Waiting& waiting = waiting_.at(number);
  ++waiting.tried;
  HttpCall call = waiting.delivery.call;
  targets_->call(std::move(call), [this, number](const HttpAnswer& answer) { answered(number, answer); });
}

void HttpDeliveries::answered(std::uint64_t number, const HttpAnswer& answer) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;  // a reset came between
  Waiting& waiting = found->second;
  const bool arrived = answer.status >= 200 && answer.status < 300;
  const Duration pause = pause_after(waiting.tried);
  if (!arrived && is_worth_another_try(answer) && waiting.tried < waiting.delivery.attempts &&
      clock_.now() + pause <= waiting.delivery.until) {
    wait(number, pause);
    return;
  }
  const Done done = std::move(waiting.done);
  waiting_.erase(found);
  if (arrived) {
    done(std::nullopt);
  } else {
    done(answer.status == 0 ? answer.problem : fmt::format("the endpoint answered {}", answer.status));
  }
}

void HttpDeliveries::clear() {
  for (const auto& [number, waiting] : waiting_)
    if (waiting.timer != 0) clock_.cancel(waiting.timer);
  waiting_.clear();
  free_at_.clear();
}

}  // namespace aviary::events
