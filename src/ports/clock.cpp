#include "ports/clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <memory>

namespace aviary {
namespace {

/// Suspends until the timer fires; a cancellation signal cancels the timer and resumes with
/// `operation_aborted`.
template <class Timers, class Start>
Task<> wait_for_timer(Timers& timers, Start start) {
  auto initiate = [&timers, &start](auto handler) {
    using Handler = decltype(handler);
    auto shared = std::make_shared<Handler>(std::move(handler));
    auto timer = std::make_shared<TimerId>(0);
    auto slot = boost::asio::get_associated_cancellation_slot(*shared);
    const auto complete = [shared](boost::system::error_code error) {
      auto executor = boost::asio::get_associated_executor(*shared);
      boost::asio::post(executor, [shared, error] {
        auto completed = std::move(*shared);
        std::move(completed)(error);
      });
    };
    *timer = start([complete, slot]() mutable {
      if (slot.is_connected()) slot.clear();
      complete({});
    });
    if (slot.is_connected()) {
      slot.assign([&timers, timer, complete](boost::asio::cancellation_type) {
        if (timers.cancel(*timer)) complete(boost::asio::error::operation_aborted);
      });
    }
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(boost::system::error_code)>(
      std::move(initiate), boost::asio::use_awaitable);
}

}  // namespace

Task<> sleep_until(Clock& clock, Instant when) {
  auto start = [&clock, when](std::function<void()> what) { return clock.call_at(when, std::move(what)); };
  co_await wait_for_timer(clock, std::move(start));
}

Task<> sleep_for(Stopwatch& stopwatch, std::chrono::nanoseconds delay) {
  auto start = [&stopwatch, delay](std::function<void()> what) {
    return stopwatch.call_after(delay, std::move(what));
  };
  co_await wait_for_timer(stopwatch, std::move(start));
}

}  // namespace aviary
