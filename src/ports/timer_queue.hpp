#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "ports/clock.hpp"

namespace aviary {

/// Pending callbacks, in order of (due, order made). A data structure only: it knows no clock and no loop.
/// Both real and simulated clocks keep their timers here.
///
/// A binary heap whose entries know their place, so that setting and cancelling a time-out on every invoke
/// costs O(log n) and, once warm, no allocation besides the callback's own. Ids carry a generation:
/// cancelling one that has run, or was cancelled, does nothing even when its slot is in use again.
///
/// The unit of `due` is the owner's business.
class TimerQueue {
 public:
  using Due = std::int64_t;
  using Callback = std::function<void()>;

  TimerId add(Due due, Callback what) {
    std::uint32_t index;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    Slot& slot = slots_[index];
    slot.due = due;
    slot.order = next_order_++;
    slot.what = std::move(what);
    slot.place = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back(index);
    rise(slot.place);
    return static_cast<TimerId>(slot.generation) << 32 | (index + 1ULL);
  }

  /// False if it has been taken or cancelled already.
  bool cancel(TimerId timer) {
    const std::uint64_t low = timer & 0xffffffffULL;
    if (low == 0 || low > slots_.size()) return false;
    const auto index = static_cast<std::uint32_t>(low - 1);
    if (slots_[index].place == unplaced || slots_[index].generation != timer >> 32) return false;
    remove(index);  // the callback dies here, after the queue is whole again
    return true;
  }

  std::optional<Due> next_due() const {
    if (heap_.empty()) return std::nullopt;
    return slots_[heap_.front()].due;
  }

  /// Takes the earliest one out if it is due by then. The caller runs it, with the queue in a whole state, so
  /// that a callback may add and cancel as it likes.
  std::optional<Callback> take_due(Due now) {
    if (heap_.empty() || slots_[heap_.front()].due > now) return std::nullopt;
    return remove(heap_.front());
  }

  std::size_t size() const noexcept { return heap_.size(); }
  bool empty() const noexcept { return heap_.empty(); }

 private:
  static constexpr std::uint32_t unplaced = 0xffffffffU;

  struct Slot {
    Due due = 0;
    std::uint64_t order = 0;
    Callback what;
    std::uint32_t place = unplaced;  ///< in `heap_`
    std::uint32_t generation = 1;
  };

  bool before(std::uint32_t a, std::uint32_t b) const {
    const Slot& x = slots_[a];
    const Slot& y = slots_[b];
    return x.due != y.due ? x.due < y.due : x.order < y.order;
  }

  void put(std::uint32_t place, std::uint32_t index) {
    heap_[place] = index;
    slots_[index].place = place;
  }

  void rise(std::uint32_t place) {
    const std::uint32_t index = heap_[place];
    while (place > 0) {
      const std::uint32_t parent = (place - 1) / 2;
      if (!before(index, heap_[parent])) break;
      put(place, heap_[parent]);
      place = parent;
    }
    put(place, index);
  }

  void sink(std::uint32_t place) {
    const std::uint32_t index = heap_[place];
    const auto count = static_cast<std::uint32_t>(heap_.size());
    for (;;) {
      std::uint32_t child = 2 * place + 1;
      if (child >= count) break;
      if (child + 1 < count && before(heap_[child + 1], heap_[child])) ++child;
      if (!before(heap_[child], index)) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, index);
  }

  Callback remove(std::uint32_t index) {
    const std::uint32_t place = slots_[index].place;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (last != index) {
      put(place, last);
      rise(place);
      sink(slots_[last].place);
    }
    Slot& slot = slots_[index];
    slot.place = unplaced;
    ++slot.generation;
    free_.push_back(index);
    return std::exchange(slot.what, nullptr);
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> heap_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
};

}  // namespace aviary
