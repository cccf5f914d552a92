#include "services/ssm/core/collection.hpp"

namespace aviary::ssm {
namespace {

std::string key_of(const Scope& scope, const std::string& id) {
  return scope.account + '/' + scope.region + '/' + id;
}

}  // namespace

Json* Collection::find(const Scope& scope, std::string_view id) {
  ById& all = documents_[scope];
  const auto found = all.find(id);
  return found != all.end() ? &found->second : nullptr;
}

Json& Collection::put(const Scope& scope, const std::string& id, Json document) {
  Json& added = documents_[scope][id] = std::move(document);
  save(scope, id);
  return added;
}

void Collection::save(const Scope& scope, const std::string& id) {
  const Json* document = find(scope, id);
  if (document == nullptr) return;
  records_.save(key_of(scope, id),
                {{"account", scope.account}, {"region", scope.region}, {"id", id}, {"document", *document}});
}

void Collection::erase(const Scope& scope, const std::string& id) {
  records_.erase(key_of(scope, id));
  documents_[scope].erase(id);
}

void Collection::restore() {
  records_.load([this](std::string_view, Json record) {
    const Scope scope{record.at("account").get<std::string>(), record.at("region").get<std::string>()};
    documents_[scope][record.at("id").get<std::string>()] = std::move(record.at("document"));
  });
}

std::size_t Collection::size() const {
  std::size_t count = 0;
  for (const auto& [scope, all] : documents_) count += all.size();
  return count;
}

}  // namespace aviary::ssm
