#pragma once

#include <string>

#include "gateway/table_service.hpp"
#include "services/s3/core/access_points.hpp"
#include "services/s3/core/bucket_store.hpp"

namespace aviary::s3 {

/// What the service takes from outside: S3's own state, of which it tells. Outlives the service.
struct ControlDependencies {
  BucketStore& buckets;
  AccessPoints& access_points;
};

/// Amazon S3 Control: what S3 says of accounts. Its state is S3's, which restores and resets it.
class ControlService final : public TableService<ControlService> {
 public:
  explicit ControlService(ControlDependencies dependencies)
      : buckets_(dependencies.buckets), points_(dependencies.access_points) {}

  static OperationTable<ControlService> operations();
  const ErrorShape* violation_error() const override;
  Json counts() const override { return {{"accessPoints", points_.all().size()}}; }

 private:
  Result<Reply> create_access_point(Call& call);
  Result<Reply> get_access_point(Call& call);
  Result<Reply> list_access_points(Call& call);
  Result<Reply> delete_access_point(Call& call);
  // control_policies.cpp
  Result<Reply> put_access_point_policy(Call& call);
  Result<Reply> get_access_point_policy(Call& call);
  Result<Reply> delete_access_point_policy(Call& call);
  Result<Reply> get_access_point_policy_status(Call& call);
  Result<Reply> put_public_access_block(Call& call);
  Result<Reply> get_public_access_block(Call& call);
  Result<Reply> delete_public_access_block(Call& call);
  // control_tags.cpp
  Result<Reply> tag_resource(Call& call);
  Result<Reply> untag_resource(Call& call);
  Result<Reply> list_tags(Call& call);

  /// The one that Name says, by name or by ARN, in the account that the request is for.
  Result<AccessPoint*> point_of(const Call& call);
  Result<AccessPoint*> tagged_point(const Call& call);

  BucketStore& buckets_;
  AccessPoints& points_;
};

/// Nobody but an account itself is told of it.
Result<> check_account(const Call& call);
AwsError access_denied();

}  // namespace aviary::s3
