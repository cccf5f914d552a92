#pragma once

#include <map>
#include <string>

#include "ports/journal.hpp"

namespace aviary::rehearsal {

/// A journal that keeps everything, as if it were on disk.
class KeptJournal final : public Journal {
 public:
  bool durable() const noexcept override { return true; }
  void put(std::string_view collection, std::string_view key, std::string value) override {
    kept[std::string(collection)][std::string(key)] = std::move(value);
  }
  void erase(std::string_view collection, std::string_view key) override {
    kept[std::string(collection)].erase(std::string(key));
  }
  void clear() override { kept.clear(); }
  Task<> settled() override { co_return; }
  bool is_settled() const noexcept override { return true; }
  void load(std::string_view collection, const Visitor& visit) override {
    for (const auto& [key, value] : kept[std::string(collection)]) visit(key, value);
  }
  std::map<std::string, std::map<std::string, std::string>> kept;
};

}  // namespace aviary::rehearsal
