#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "ports/journal.hpp"

namespace aviary {

/// A named, durable collection of `T`: what a service writes its state through. `T` needs nlohmann's
/// `to_json` and `from_json`. The service keeps `T` in memory in whatever shape suits it; this only makes
/// changes last.
template <class T>
class Records {
 public:
  Records(Journal& journal, std::string_view collection) : journal_(&journal), collection_(collection) {}

  void save(std::string_view key, const T& value) {
    if (journal_->durable()) journal_->put(collection_, key, Json(value).dump());
  }
  void erase(std::string_view key) {
    if (journal_->durable()) journal_->erase(collection_, key);
  }
  /// `visit(std::string_view key, T value)`, in key order, at start.
  template <class Visit>
  void load(Visit visit) {
    journal_->load(collection_, [&visit](std::string_view key, std::string_view text) {
      visit(key, Json::parse(text).template get<T>());
    });
  }

 private:
  Journal* journal_;
  std::string collection_;
};

}  // namespace aviary
