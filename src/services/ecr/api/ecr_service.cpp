#include "services/ecr/api/ecr_service.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "models/ecr.hpp"

namespace aviary::ecr {
namespace {

namespace errors = models::ecr::errors;

Scope registry_of(const Call& call) {
  const std::string registry = ecr_text(call.input, "registryId");
  return {.account = registry.empty() ? call.account : registry, .region = call.region};
}

AwsError repository_not_found(std::string_view name, std::string_view registry) {
  return {errors::RepositoryNotFoundException,
          fmt::format("The repository with name '{}' does not exist in the registry with id '{}'", name,
                      registry)};
}

Json shown_repository(const Repository& repository) {
  Json out = identity_of(repository);
  out["repositoryArn"] = repository.arn();
  out["repositoryUri"] = fmt::format("{}.dkr.ecr.{}.amazonaws.com/{}", repository.scope.account,
                                     repository.scope.region, repository.name);
  out["createdAt"] = epoch_seconds(repository.created);
  out["imageTagMutability"] = repository.mutability;
  if (!repository.exclusions.empty()) out["imageTagMutabilityExclusionFilters"] = repository.exclusions;
  out["imageScanningConfiguration"] = {{"scanOnPush", repository.scan_on_push}};
  out["encryptionConfiguration"] = repository.encryption;
  return out;
}

/// Filters belong to the two settings that have exceptions, and to no other.
Result<> set_mutability(const Json& input, Repository& repository) {
  const std::string mutability = input.value("imageTagMutability", std::string("MUTABLE"));
  Json exclusions = input.value("imageTagMutabilityExclusionFilters", Json::array());
  if (mutability.ends_with("_WITH_EXCLUSION") == exclusions.empty())
    return invalid_parameter("imageTagMutabilityExclusionFilters",
                             exclusions.empty() ? "filters are required for a mutability with exclusion"
                                                : "filters are for a mutability with exclusion only");
  repository.mutability = mutability;
  repository.exclusions = std::move(exclusions);
  return {};
}

}  // namespace

/// Which member answers which operation.
OperationTable<EcrService> EcrService::operations() {
  using S = EcrService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CreateRepository", &S::create_repository},
      {"DeleteLifecyclePolicy", &S::delete_lifecycle_policy},
      {"DeleteRepository", &S::delete_repository},
      {"DeleteRepositoryPolicy", &S::delete_repository_policy},
      {"DescribeImages", &S::describe_images},
      {"DescribeRepositories", &S::describe_repositories},
      {"GetLifecyclePolicy", &S::get_lifecycle_policy},
      {"GetRepositoryPolicy", &S::get_repository_policy},
      {"ListImages", &S::list_images},
      {"ListTagsForResource", &S::list_tags},
      {"PutImageScanningConfiguration", &S::put_image_scanning_configuration},
      {"PutImageTagMutability", &S::put_image_tag_mutability},
      {"PutLifecyclePolicy", &S::put_lifecycle_policy},
      {"SetRepositoryPolicy", &S::set_repository_policy},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
  };
  return {models::ecr::service, "ECR", entries};
}

EcrService::EcrService(EcrDependencies d) : repositories_(d.journal) {}

const ErrorShape* EcrService::violation_error() const { return &errors::InvalidParameterException; }

std::string ecr_text(const Json& input, const char* name) { return input.value(name, std::string()); }

AwsError invalid_parameter(std::string_view where, std::string_view why) {
  return {errors::InvalidParameterException,
          fmt::format("Invalid parameter at '{}' failed to satisfy constraint: '{}'", where, why)};
}

Json identity_of(const Repository& repository) {
  return {{"registryId", repository.scope.account}, {"repositoryName", repository.name}};
}

Result<Repository*> EcrService::repository_of(const Call& call) {
  const Scope registry = registry_of(call);
  const std::string name = ecr_text(call.input, "repositoryName");
  Repository* found = repositories_.find(registry, name);
  if (found == nullptr) return repository_not_found(name, registry.account);
  return found;
}

Result<Repository*> EcrService::repository_by_arn(const Call& call) {
  const std::string arn = ecr_text(call.input, "resourceArn");
  const std::string prefix = fmt::format("arn:aws:ecr:{}:{}:repository/", call.region, call.account);
  if (!arn.starts_with("arn:aws:ecr:") || arn.find(":repository/") == std::string::npos)
    return invalid_parameter("resourceArn", "Invalid ARN");
  const std::string name = arn.substr(arn.find('/') + 1);
  Repository* found = arn.starts_with(prefix)
                          ? repositories_.find({.account = call.account, .region = call.region}, name)
                          : nullptr;
  if (found == nullptr) return repository_not_found(name, call.account);
  return found;
}

Result<Reply> EcrService::create_repository(Call& call) {
  const Scope registry = registry_of(call);
  if (registry.account != call.account)
    return invalid_parameter("registryId", "repositories are made in the caller's own registry");
  Repository repository;
  repository.scope = registry;
  repository.name = ecr_text(call.input, "repositoryName");
  repository.created = call.now;
  if (repositories_.find(registry, repository.name) != nullptr)
    return AwsError(errors::RepositoryAlreadyExistsException,
                    fmt::format("The repository with name '{}' already exists in the registry with id '{}'",
                                repository.name, registry.account));
  if (const Result<> set = set_mutability(call.input, repository); !set) return set.error();
  repository.scan_on_push =
      call.input.value("imageScanningConfiguration", Json::object()).value("scanOnPush", false);
  if (call.input.contains("encryptionConfiguration"))
    repository.encryption = call.input["encryptionConfiguration"];
  if (const Result<> added = add_repository_tags(call.input.value("tags", Json::array()), repository.tags);
      !added)
    return added.error();
  Reply reply;
  reply.output["repository"] = shown_repository(repositories_.put(std::move(repository)));
  return reply;
}

Result<Reply> EcrService::describe_repositories(Call& call) {
  const Scope registry = registry_of(call);
  Reply reply;
  Json& rows = reply.output["repositories"] = Json::array();
  if (call.input.contains("repositoryNames")) {
    if (call.input.contains("maxResults") || call.input.contains("nextToken"))
      return invalid_parameter("repositoryNames", "names and pages exclude each other");
    for (const Json& name : call.input["repositoryNames"]) {
      const Repository* found = repositories_.find(registry, name.get<std::string>());
      if (found == nullptr) return repository_not_found(name.get<std::string>(), registry.account);
      rows.push_back(shown_repository(*found));
    }
    return reply;
  }
  const std::optional<std::string> after = base64_decode(ecr_text(call.input, "nextToken"));
  if (!after) return invalid_parameter("nextToken", "Invalid token");
  const auto most = call.input.value("maxResults", std::size_t{100});
  const Repositories::ByName& all = repositories_.in(registry);
  for (auto at = all.upper_bound(*after); at != all.end(); ++at) {
    if (rows.size() == most) {
      reply.output["nextToken"] = base64_encode(rows.back()["repositoryName"].get<std::string>());
      break;
    }
    rows.push_back(shown_repository(at->second));
  }
  return reply;
}

Result<Reply> EcrService::delete_repository(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output["repository"] = shown_repository(**found);
  const Scope scope = (*found)->scope;
  repositories_.erase(scope, ecr_text(call.input, "repositoryName"));
  return reply;
}

Result<Reply> EcrService::put_image_scanning_configuration(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  Repository changed = **found;
  changed.scan_on_push = call.input.at("imageScanningConfiguration").value("scanOnPush", false);
  Reply reply;
  reply.output = identity_of(changed);
  reply.output["imageScanningConfiguration"] = {{"scanOnPush", changed.scan_on_push}};
  repositories_.put(std::move(changed));
  return reply;
}

Result<Reply> EcrService::put_image_tag_mutability(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  Repository changed = **found;
  if (const Result<> set = set_mutability(call.input, changed); !set) return set.error();
  Reply reply;
  reply.output = identity_of(changed);
  reply.output["imageTagMutability"] = changed.mutability;
  if (!changed.exclusions.empty()) reply.output["imageTagMutabilityExclusionFilters"] = changed.exclusions;
  repositories_.put(std::move(changed));
  return reply;
}

Result<Reply> EcrService::describe_images(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  if (const Json ids = call.input.value("imageIds", Json::array()); !ids.empty())
    return AwsError(
        errors::ImageNotFoundException,
        fmt::format("The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the "
                    "repository with name '{}' in the registry with id '{}'",
                    ids[0].value("imageDigest", std::string("null")),
                    ids[0].value("imageTag", std::string("null")), (*found)->name, (*found)->scope.account));
  Reply reply;
  reply.output["imageDetails"] = Json::array();
  return reply;
}

Result<Reply> EcrService::list_images(Call& call) {
  const Result<Repository*> found = repository_of(call);
  if (!found) return found.error();
  Reply reply;
  reply.output["imageIds"] = Json::array();
  return reply;
}

}  // namespace aviary::ecr
