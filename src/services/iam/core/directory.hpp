#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"

namespace aviary::iam {

/// What an account has: roles, users, groups, managed policies, each a document in the words of
/// the API. Members that begin with an underscore are kept but never sent: `_inline` (policies by name),
/// `_attached` (ARNs), `_versions`, `_keys` (each with its `_Secret`), `_users` (of a group).
class Directory {
 public:
  explicit Directory(Journal& journal) : records_(journal, "iam") {}

  using Entities = std::map<std::string, Json, std::less<>>;

  /// Of one kind (`role`) in one account, by name.
  Entities& all(const std::string& account, const std::string& kind) {
    return entities_[account + '/' + kind];
  }
  /// Null if there is none.
  Json* find(const std::string& account, const std::string& kind, std::string_view name) {
    Entities& entities = all(account, kind);
    const auto found = entities.find(name);
    return found != entities.end() ? &found->second : nullptr;
  }
  /// `visit(account, name, entity)` for each of a kind, in all accounts, until it says so with `true`.
  template <class Visit>
  void search(std::string_view kind, Visit visit) const {
    for (const auto& [scope, entities] : entities_) {
      const std::size_t slash = scope.find('/');
      if (std::string_view(scope).substr(slash + 1) != kind) continue;
      for (const auto& [name, entity] : entities)
        if (visit(scope.substr(0, slash), name, entity)) return;
    }
  }
  void put(const std::string& account, const std::string& kind, const std::string& name, Json entity) {
    records_.save(record_key(account, kind, name), entity);
    all(account, kind)[name] = std::move(entity);
  }
  /// After it was changed in place.
  void save(const std::string& account, const std::string& kind, const std::string& name) {
    if (const Json* entity = find(account, kind, name))
      records_.save(record_key(account, kind, name), *entity);
  }
  void erase(const std::string& account, const std::string& kind, const std::string& name) {
    records_.erase(record_key(account, kind, name));
    all(account, kind).erase(name);
  }
  void restore() {
    records_.load([this](std::string_view key, Json entity) {
      const std::size_t name = key.find('/', key.find('/') + 1);
      entities_[std::string(key.substr(0, name))][std::string(key.substr(name + 1))] = std::move(entity);
    });
  }
  void clear() { entities_.clear(); }
  std::size_t size() const {
    std::size_t count = 0;
    for (const auto& [scope, entities] : entities_) count += entities.size();
    return count;
  }

 private:
  static std::string record_key(const std::string& account, const std::string& kind,
                                const std::string& name) {
    return account + '/' + kind + '/' + name;
  }

  Records<Json> records_;
  std::map<std::string, Entities, std::less<>> entities_;  ///< by `account/kind`
};

}  // namespace aviary::iam
