#pragma once

#include <map>
#include <string>

#include "ports/journal.hpp"
#include "ports/unawaited_journal.hpp"

namespace aviary::testing {

/// A journal that forgets nothing as long as it lives: hand it to a second service to play a restart.
class MemoryJournal final : public Journal, public UnawaitedJournal {
 public:
  bool durable() const noexcept override { return true; }
  void put(std::string_view collection, std::string_view key, std::string value) override {
    written_bytes += value.size();
    ++writes;
    collections_[std::string(collection)][std::string(key)] = std::move(value);
  }
  void put_unawaited(std::string_view collection, std::string_view key, std::string value) override {
    ++unawaited;
    put(collection, key, std::move(value));
  }
  void erase_unawaited(std::string_view collection, std::string_view key) override { erase(collection, key); }
  bool is_written() const noexcept override { return true; }
  void erase(std::string_view collection, std::string_view key) override {
    collections_[std::string(collection)].erase(std::string(key));
  }
  void clear() override { collections_.clear(); }
  Task<> settled() override { co_return; }
  bool is_settled() const noexcept override { return true; }
  void load(std::string_view collection, const Visitor& visit) override {
    for (const auto& [key, value] : collections_[std::string(collection)]) visit(key, value);
  }

  std::size_t records() const {
    std::size_t count = 0;
    for (const auto& [name, records] : collections_) count += records.size();
    return count;
  }

  std::size_t written_bytes = 0;
  std::size_t writes = 0;
  std::size_t unawaited = 0;  ///< of `writes`

 private:
  std::map<std::string, std::map<std::string, std::string>> collections_;
};

}  // namespace aviary::testing
