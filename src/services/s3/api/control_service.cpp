#include "services/s3/api/control_service.hpp"

#include <fmt/format.h>

#include "models/s3control.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/core/errors.hpp"
#include "wire/protocol.hpp"

namespace aviary::s3 {
namespace {

namespace control_errors = models::s3control::errors;

/// What an access point blocks if nothing is said: everything.
Json block_or_all(const Json& input) {
  Json block{{"BlockPublicAcls", true},
             {"IgnorePublicAcls", true},
             {"BlockPublicPolicy", true},
             {"RestrictPublicBuckets", true}};
  // What a given block leaves out is off.
  if (const Json* given = find_member(input, "PublicAccessBlockConfiguration"))
    for (auto& [name, value] : block.items()) value = flag_of(*given, name.c_str());
  return block;
}

Json row_of(const AccessPoint& point) {
  Json row{{"Name", point.name},     {"NetworkOrigin", point.vpc.empty() ? "Internet" : "VPC"},
           {"Bucket", point.bucket}, {"AccessPointArn", point.arn()},
           {"Alias", point.alias},   {"BucketAccountId", point.bucket_account}};
  if (!point.vpc.empty()) row["VpcConfiguration"] = {{"VpcId", point.vpc}};
  return row;
}

AwsError invalid_request(std::string text) { return {control_errors::InvalidRequest, std::move(text)}; }

}  // namespace

/// Which member answers which operation.
OperationTable<ControlService> ControlService::operations() {
  using S = ControlService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"CreateAccessPoint", &S::create_access_point},
      {"DeleteAccessPoint", &S::delete_access_point},
      {"DeleteAccessPointPolicy", &S::delete_access_point_policy},
      {"DeletePublicAccessBlock", &S::delete_public_access_block},
      {"GetAccessPoint", &S::get_access_point},
      {"GetAccessPointPolicy", &S::get_access_point_policy},
      {"GetAccessPointPolicyStatus", &S::get_access_point_policy_status},
      {"GetPublicAccessBlock", &S::get_public_access_block},
      {"ListAccessPoints", &S::list_access_points},
      {"ListTagsForResource", &S::list_tags},
      {"PutAccessPointPolicy", &S::put_access_point_policy},
      {"PutPublicAccessBlock", &S::put_public_access_block},
      {"TagResource", &S::tag_resource},
      {"UntagResource", &S::untag_resource},
  };
  return {models::s3control::service, "S3 Control", entries};
}

const ErrorShape* ControlService::violation_error() const { return &control_errors::InvalidRequest; }

AwsError access_denied() { return {wire::errors::AccessDenied, "Access Denied"}; }

Result<> check_account(const Call& call) {
  if (text_of(call.input, "AccountId") != call.account) return access_denied();
  return {};
}

Result<AccessPoint*> ControlService::point_of(const Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const std::string& name = text_of(call.input, "Name");
  AccessPoint* found = nullptr;
  if (name.starts_with("arn:")) {
    const AccessPoint* named = points_.named(name, call.region);
    if (named != nullptr) found = points_.find(named->account, named->region, named->name);
  } else {
    found = points_.find(call.account, call.region, name);
  }
  if (found == nullptr || found->account != call.account) {
    AwsError error(control_errors::NoSuchAccessPoint, "The specified accesspoint does not exist");
    error.members = {{"AccessPointName", name}};
    return error;
  }
  return found;
}

Result<Reply> ControlService::create_access_point(Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const std::string& name = text_of(call.input, "Name");
  if (!is_access_point_name(name))
    return AwsError(control_errors::InvalidAccessPoint,
                    "The specified access point name or account is not valid.");
  if (find_member(call.input, "Scope") != nullptr)
    return invalid_request("A scope can be given to access points of directory buckets only.");
  const Bucket* bucket = buckets_.find(text_of(call.input, "Bucket"));
  if (bucket == nullptr || bucket->region != call.region)
    return invalid_request("An access point can be created only for an existing bucket.");
  const std::string& owner = text_of(call.input, "BucketAccountId");
  if (bucket->account != (owner.empty() ? call.account : owner)) return access_denied();
  if (points_.find(call.account, call.region, name) != nullptr) {
    AwsError error(control_errors::AccessPointAlreadyOwnedByYou,
                   "Your previous request to create the named accesspoint succeeded and you already own it.");
    error.members = {{"AccessPointName", name}};
    return error;
  }
  AccessPoint point;
  point.account = call.account;
  point.region = call.region;
  point.name = name;
  point.bucket = bucket->name;
  point.bucket_account = bucket->account;
  point.created = call.now;
  point.public_access = block_or_all(call.input);
  if (const Json* vpc = find_member(call.input, "VpcConfiguration")) point.vpc = text_of(*vpc, "VpcId");
  if (const Json* tags = find_member(call.input, "Tags")) {
    Result<Tags> read = tags_of(*tags);
    if (!read) return read.error();
    point.tags = std::move(*read);
  }
  const AccessPoint& added = points_.add(std::move(point));
  Reply reply;
  reply.output = {{"AccessPointArn", added.arn()}, {"Alias", added.alias}};
  return reply;
}

Result<Reply> ControlService::get_access_point(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  const AccessPoint& point = **found;
  Reply reply;
  reply.output = row_of(point);
  reply.output["PublicAccessBlockConfiguration"] = point.public_access;
  reply.output["CreationDate"] = whole_epoch_seconds(point.created);
  Json& endpoints = reply.output["Endpoints"] = Json::object();
  for (const auto& [kind, host] :
       {std::pair{"ipv4", "s3-accesspoint"}, std::pair{"dualstack", "s3-accesspoint.dualstack"},
        std::pair{"fips", "s3-accesspoint-fips"},
        std::pair{"fips_dualstack", "s3-accesspoint-fips.dualstack"}})
    endpoints[kind] = fmt::format("{}.{}.amazonaws.com", host, point.region);
  return reply;
}

Result<Reply> ControlService::list_access_points(Call& call) {
  if (const Result<> own = check_account(call); !own) return own.error();
  const std::string& bucket = text_of(call.input, "Bucket");
  if (!bucket.empty() && buckets_.find(bucket) == nullptr)
    return invalid_request("An access point can be listed only for an existing bucket.");
  const std::int64_t limit = number_of(call.input, "MaxResults").value_or(1000);
  const std::string& after = text_of(call.input, "NextToken");
  Reply reply;
  Json& rows = reply.output["AccessPointList"] = Json::array();
  for (const auto& [key, point] : points_.all()) {
    if (point.account != call.account || point.region != call.region || point.name <= after) continue;
    if (!bucket.empty() && point.bucket != bucket) continue;
    if (static_cast<std::int64_t>(rows.size()) >= limit) {
      if (!rows.empty()) reply.output["NextToken"] = rows.back()["Name"];
      break;
    }
    rows.push_back(row_of(point));
  }
  return reply;
}

Result<Reply> ControlService::delete_access_point(Call& call) {
  const Result<AccessPoint*> found = point_of(call);
  if (!found) return found.error();
  points_.erase(**found);
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace aviary::s3
