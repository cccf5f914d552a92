#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "ports/journal.hpp"
#include "ports/records.hpp"
#include "services/ssm/core/parameter.hpp"

namespace aviary::ssm {

/// Documents of one kind, by the id that each has in its account and region. Pointers are good until the
/// document goes.
class Collection {
 public:
  Collection(Journal& journal, std::string_view name) : records_(journal, name) {}

  using ById = std::map<std::string, Json, std::less<>>;

  const ById& in(const Scope& scope) { return documents_[scope]; }
  const std::map<Scope, ById>& all() const noexcept { return documents_; }
  /// Null if there is none.
  Json* find(const Scope& scope, std::string_view id);
  /// Adds or replaces.
  Json& put(const Scope& scope, const std::string& id, Json document);
  /// After a change of what `find` gave.
  void save(const Scope& scope, const std::string& id);
  void erase(const Scope& scope, const std::string& id);

  void restore();
  void clear() { documents_.clear(); }
  std::size_t size() const;

 private:
  Records<Json> records_;
  std::map<Scope, ById> documents_;
};

}  // namespace aviary::ssm
