#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include "ports/one_shot.hpp"
#include "ports/task.hpp"

namespace aviary::execution {

/// Lets so many processes start at once, first come, first served: five hundred interpreters that start
/// together would all be slow, and some would run into their init limit.
class StartGate {
 public:
  explicit StartGate(std::size_t places) : state_(std::make_shared<State>(State{places, {}})) {}

 private:
  struct State {
    std::size_t free;
    std::deque<OneShot<bool>> waiting;
  };

 public:
  /// A place; given back when it goes.
  class Place {
   public:
    Place() = default;
    explicit Place(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Place(Place&& other) noexcept = default;
    Place& operator=(Place&& other) noexcept {
      release();
      state_ = std::move(other.state_);
      return *this;
    }
    ~Place() { release(); }
    void release() {
      if (!state_) return;
      const auto state = std::move(state_);
      if (state->waiting.empty()) {
        ++state->free;
        return;
      }
      const auto next = std::move(state->waiting.front());
      state->waiting.pop_front();
      next.set(true);
    }

   private:
    std::shared_ptr<State> state_;
  };

  Task<Place> enter() {
    auto state = state_;
    if (state->free > 0) {
      --state->free;
    } else {
      OneShot<bool> turn;
      state->waiting.push_back(turn);
      co_await turn.wait();
    }
    Place place(state);
    co_return place;
  }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace aviary::execution
