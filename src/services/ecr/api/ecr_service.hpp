#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/journal.hpp"
#include "services/ecr/core/repositories.hpp"

namespace aviary::ecr {

struct EcrDependencies {
  Journal& journal;
};

/// Amazon ECR as far as deployment clients insist (`cdk bootstrap` makes a repository, `osls remove` asks for
/// one): repositories, their settings, policies and tags. There is no registry to push to, so a repository
/// holds no image, and says so.
class EcrService final : public TableService<EcrService> {
 public:
  explicit EcrService(EcrDependencies dependencies);

  static OperationTable<EcrService> operations();
  const ErrorShape* violation_error() const override;
  void restore() override { repositories_.restore(); }
  void reset() override { repositories_.clear(); }
  Json counts() const override { return {{"repositories", repositories_.size()}}; }

 private:
  Result<Reply> create_repository(Call& call);
  Result<Reply> describe_repositories(Call& call);
  Result<Reply> delete_repository(Call& call);
  Result<Reply> put_image_scanning_configuration(Call& call);
  Result<Reply> put_image_tag_mutability(Call& call);
  Result<Reply> describe_images(Call& call);
  Result<Reply> list_images(Call& call);
  // policies.cpp
  Result<Reply> put_lifecycle_policy(Call& call);
  Result<Reply> get_lifecycle_policy(Call& call);
  Result<Reply> delete_lifecycle_policy(Call& call);
  Result<Reply> set_repository_policy(Call& call);
  Result<Reply> get_repository_policy(Call& call);
  Result<Reply> delete_repository_policy(Call& call);
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags(Call& call);

  /// The repository that a call names, in the registry that it names.
  Result<Repository*> repository_of(const Call& call);
  Result<Repository*> repository_by_arn(const Call& call);

  Repositories repositories_;
};

std::string ecr_text(const Json& input, const char* name);
AwsError invalid_parameter(std::string_view where, std::string_view why);
/// `registryId` and `repositoryName`: how most answers begin.
Json identity_of(const Repository& repository);
Result<> add_repository_tags(const Json& given, std::map<std::string, std::string>& tags);

}  // namespace aviary::ecr
