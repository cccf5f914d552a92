#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"

namespace aviary::apigateway {

/// What there is of one kind of API, each a document in the words of the service's model. An API is at
/// `apis/<id>`, what belongs to it at `in/<id>/<folder>/<id>`. Members that begin with an underscore are kept
/// but never sent: `_account`, `_region`, `_snapshot`.
class Entities {
 public:
  Entities(Journal& journal, std::string_view collection) : records_(journal, collection) {}

  /// Null if there is none. Valid until the next change.
  const Json* find(std::string_view key) const {
    const auto found = documents_.find(key);
    return found != documents_.end() ? &found->second : nullptr;
  }
  void put(const std::string& key, Json document) {
    records_.save(key, document);
    documents_[key] = std::move(document);
  }
  void erase(const std::string& key) {
    if (documents_.erase(key) != 0) records_.erase(key);
  }
  void erase_below(const std::string& prefix) {
    for (auto at = documents_.lower_bound(prefix); at != documents_.end() && at->first.starts_with(prefix);) {
      records_.erase(at->first);
      at = documents_.erase(at);
    }
  }
  /// In the order of the keys.
  std::vector<std::pair<std::string_view, const Json*>> below(std::string_view prefix) const {
    std::vector<std::pair<std::string_view, const Json*>> found;
    for (auto at = documents_.lower_bound(prefix); at != documents_.end() && at->first.starts_with(prefix);
         ++at)
      found.emplace_back(at->first, &at->second);
    return found;
  }
  void restore() {
    records_.load(
        [this](std::string_view key, Json document) { documents_[std::string(key)] = std::move(document); });
  }
  void clear() { documents_.clear(); }

 private:
  Records<Json> records_;
  std::map<std::string, Json, std::less<>> documents_;
};

inline std::string api_key(std::string_view api) { return "apis/" + std::string(api); }
inline std::string folder_key(std::string_view api, std::string_view folder) {
  return "in/" + std::string(api) + '/' + std::string(folder) + '/';
}
inline std::string member_key(std::string_view api, std::string_view folder, std::string_view id) {
  return folder_key(api, folder) + std::string(id);
}

}  // namespace aviary::apigateway
