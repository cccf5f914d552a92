#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "ports/journal.hpp"

namespace aviary {

/// What a journal can do beyond `Journal`: tell changes that somebody waits for from others, so that answers
/// do not wait for those. They go to disk in the same order, and what waits may take them along.
class UnawaitedJournal {
 public:
  virtual ~UnawaitedJournal() = default;
  virtual void put_unawaited(std::string_view collection, std::string_view key, std::string value) = 0;
  virtual void erase_unawaited(std::string_view collection, std::string_view key) = 0;
  /// Whether nothing at all is on its way to disk.
  virtual bool is_written() const noexcept = 0;
};

/// Writes what nobody is told the lasting of. A journal that does not tell it apart takes it as it takes
/// everything. The journal outlives this.
class UnawaitedWrites {
 public:
  explicit UnawaitedWrites(Journal& journal)
      : journal_(journal), apart_(dynamic_cast<UnawaitedJournal*>(&journal)) {}

  void put(std::string_view collection, std::string_view key, std::string value) {
    if (apart_ != nullptr)
      apart_->put_unawaited(collection, key, std::move(value));
    else
      journal_.put(collection, key, std::move(value));
  }
  void erase(std::string_view collection, std::string_view key) {
    apart_ != nullptr ? apart_->erase_unawaited(collection, key) : journal_.erase(collection, key);
  }
  bool is_written() const noexcept {
    return apart_ != nullptr ? apart_->is_written() : journal_.is_settled();
  }

 private:
  Journal& journal_;
  UnawaitedJournal* apart_;
};

}  // namespace aviary
