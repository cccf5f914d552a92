#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "ports/task.hpp"

namespace aviary {

/// One value handed from a callback to one waiting coroutine, on the loop's thread. Setting before waiting is
/// fine; setting twice keeps the first. The waiter is resumed from the loop, never from inside `set`.
///
/// Copies share the same slot, so the setter may outlive the waiter and the other way round. A slot whose
/// last setter goes away unset leaves the waiter waiting: who hands out a slot must settle it.
template <class T>
class OneShot {
 public:
  OneShot() : state_(std::make_shared<State>()) {}

  bool is_set() const noexcept { return state_->done; }

  void set(T value) const {
    State& state = *state_;
    if (state.done) return;
    state.done = true;
    if (state.resume) {
      auto resume = std::exchange(state.resume, nullptr);
      resume(std::move(value));
    } else {
      state.value.emplace(std::move(value));
    }
  }

  /// May be awaited once.
  Task<T> wait() const { return wait_on(state_, true); }
  /// Cannot be cancelled: for who must not leave before the value is there, because somebody else works on
  /// what its frame holds.
  Task<T> wait_regardless() const { return wait_on(state_, false); }

 private:
  struct State {
    bool done = false;
    std::optional<T> value;
    std::function<void(T)> resume;
  };

  static Task<T> wait_on(std::shared_ptr<State> state, bool cancellable) {
    if (state->value) {
      T value = std::move(*state->value);
      co_return value;
    }
    auto initiate = [state, cancellable](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      auto slot = cancellable ? boost::asio::get_associated_cancellation_slot(*shared)
                              : boost::asio::cancellation_slot();
      const auto complete = [shared](std::optional<T> value) {
        auto executor = boost::asio::get_associated_executor(*shared);
        boost::asio::post(executor, [shared, value = std::move(value)]() mutable {
          auto completed = std::move(*shared);
          std::move(completed)(std::move(value));
        });
      };
      state->resume = [complete, slot](T value) mutable {
        if (slot.is_connected()) slot.clear();
        complete(std::optional<T>(std::move(value)));
      };
      if (slot.is_connected()) {
        slot.assign([weak = std::weak_ptr<State>(state), complete](boost::asio::cancellation_type) {
          const auto waited = weak.lock();
          if (!waited || !waited->resume) return;
          waited->resume = nullptr;
          complete(std::nullopt);
        });
      }
    };
    std::optional<T> value =
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::optional<T>)>(
            std::move(initiate), boost::asio::use_awaitable);
    if (!value) throw boost::system::system_error(boost::asio::error::operation_aborted);
    T result = std::move(*value);
    co_return result;
  }

  std::shared_ptr<State> state_;
};

}  // namespace aviary
