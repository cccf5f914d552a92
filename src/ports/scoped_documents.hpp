#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "ports/records.hpp"

namespace aviary {

/// One kind of thing that belongs to an account (code-signing configurations, saved queries): documents by
/// id, apart per account and region, saved one by one. `Scope` is a service's own pair of both.
template <class Scope>
class ScopedDocuments {
 public:
  using Documents = std::map<std::string, Json, std::less<>>;

  ScopedDocuments(Journal& journal, std::string_view collection) : records_(journal, collection) {}

  const Json* find(const Scope& scope, std::string_view id) const {
    const auto found = of(scope).find(id);
    return found == of(scope).end() ? nullptr : &found->second;
  }
  const Documents& of(const Scope& scope) const {
    static const Documents none;
    const auto found = scopes_.find(scope);
    return found == scopes_.end() ? none : found->second;
  }
  void put(const Scope& scope, std::string_view id, Json document) {
    records_.save(
        key_of(scope, id),
        Json{{"account", scope.account}, {"region", scope.region}, {"id", id}, {"document", document}});
    scopes_[scope][std::string(id)] = std::move(document);
  }
  void erase(const Scope& scope, std::string_view id) {
    records_.erase(key_of(scope, id));
    Documents& documents = scopes_[scope];
    if (const auto found = documents.find(id); found != documents.end()) documents.erase(found);
  }
  void restore() {
    records_.load([this](std::string_view, const Json& record) {
      const Scope scope{.account = record.at("account"), .region = record.at("region")};
      scopes_[scope][record.at("id").get<std::string>()] = record.at("document");
    });
  }
  /// `visit(scope, document)` for each, of all accounts and regions.
  template <class Visit>
  void visit(Visit visit) const {
    for (const auto& [scope, documents] : scopes_)
      for (const auto& [id, document] : documents) visit(scope, document);
  }
  void clear() { scopes_.clear(); }

 private:
  static std::string key_of(const Scope& scope, std::string_view id) {
    return fmt::format("{}/{}/{}", scope.account, scope.region, id);
  }

  std::map<Scope, Documents> scopes_;
  Records<Json> records_;
};

}  // namespace aviary
