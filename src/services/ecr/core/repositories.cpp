#include "services/ecr/core/repositories.hpp"

#include <fmt/format.h>

namespace aviary::ecr {
namespace {

std::string repository_key(const Scope& scope, std::string_view name) {
  return fmt::format("{}/{}/{}", scope.account, scope.region, name);
}

Json repository_record(const Repository& repository) {
  return {{"account", repository.scope.account},
          {"region", repository.scope.region},
          {"name", repository.name},
          {"created", repository.created.time_since_epoch().count()},
          {"mutability", repository.mutability},
          {"exclusions", repository.exclusions},
          {"scanOnPush", repository.scan_on_push},
          {"encryption", repository.encryption},
          {"lifecyclePolicy", repository.lifecycle_policy},
          {"policy", repository.policy},
          {"tags", repository.tags}};
}

Repository repository_from(const Json& record) {
  Repository repository;
  repository.scope = {record.at("account"), record.at("region")};
  repository.name = record.at("name");
  repository.created = Instant(Instant::duration(record.at("created").get<Instant::rep>()));
  repository.mutability = record.at("mutability");
  repository.exclusions = record.at("exclusions");
  repository.scan_on_push = record.at("scanOnPush");
  repository.encryption = record.at("encryption");
  repository.lifecycle_policy = record.at("lifecyclePolicy");
  repository.policy = record.at("policy");
  repository.tags = record.at("tags").get<std::map<std::string, std::string>>();
  return repository;
}

}  // namespace

std::string Repository::arn() const {
  return fmt::format("arn:aws:ecr:{}:{}:repository/{}", scope.region, scope.account, name);
}

Repository* Repositories::find(const Scope& scope, std::string_view name) {
  ByName& all = repositories_[scope];
  const auto found = all.find(name);
  return found != all.end() ? &found->second : nullptr;
}

Repository& Repositories::put(Repository repository) {
  records_.save(repository_key(repository.scope, repository.name), repository_record(repository));
  std::string name = repository.name;
  return repositories_[repository.scope]
      .insert_or_assign(std::move(name), std::move(repository))
      .first->second;
}

void Repositories::erase(const Scope& scope, std::string_view name) {
  records_.erase(repository_key(scope, name));
  ByName& all = repositories_[scope];
  if (const auto found = all.find(name); found != all.end()) all.erase(found);
}

void Repositories::restore() {
  records_.load([this](std::string_view, const Json& record) {
    Repository repository = repository_from(record);
    ByName& all = repositories_[repository.scope];
    std::string name = repository.name;
    all.insert_or_assign(std::move(name), std::move(repository));
  });
}

std::size_t Repositories::size() const {
  std::size_t count = 0;
  for (const auto& [scope, all] : repositories_) count += all.size();
  return count;
}

}  // namespace aviary::ecr
