#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "ports/task.hpp"

namespace aviary {

/// Where state lasts. A change is put here in the same synchronous step that makes it in memory; the changes
/// of one step (one turn of the loop) become durable together or not at all. No answer leaves the server
/// before `settled`, so nothing acknowledged is lost and nothing half-done is ever seen after a restart.
///
/// Called on the loop's thread.
class Journal {
 public:
  virtual ~Journal() = default;

  /// False when state lives in memory only: callers then skip rendering values.
  virtual bool durable() const noexcept = 0;
  virtual void put(std::string_view collection, std::string_view key, std::string value) = 0;
  virtual void erase(std::string_view collection, std::string_view key) = 0;
  /// Forgets everything in every collection.
  virtual void clear() = 0;
  /// Completes when every change made before the call is on disk; at once when there is none.
  virtual Task<> settled() = 0;
  /// Whether a change is still on its way to disk: lets the hot path skip a suspension.
  virtual bool is_settled() const noexcept = 0;

  using Visitor = std::function<void(std::string_view key, std::string_view value)>;
  /// Reads a collection back, in key order. Only at start, before the first change.
  virtual void load(std::string_view collection, const Visitor& visit) = 0;
};

/// State in memory only.
class NoJournal final : public Journal {
 public:
  bool durable() const noexcept override { return false; }
  void put(std::string_view, std::string_view, std::string) override {}
  void erase(std::string_view, std::string_view) override {}
  void clear() override {}
  Task<> settled() override { co_return; }
  bool is_settled() const noexcept override { return true; }
  void load(std::string_view, const Visitor&) override {}
};

}  // namespace aviary
