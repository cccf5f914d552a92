#include <fmt/format.h>

#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {

namespace errors = models::s3::errors;

Result<Reply> S3Service::create_bucket(Call& call) {
  const std::string& name = text_of(call.input, "Bucket");
  if (!is_bucket_name(name)) {
    AwsError error(errors::InvalidBucketName, "The specified bucket is not valid.");
    error.members = {{"BucketName", name}};
    return error;
  }
  // The region of the endpoint, unless the request says so itself; both must agree but for us-east-1.
  std::string region = call.region;
  if (const Json* configuration = find_member(call.input, "CreateBucketConfiguration"))
    if (const std::string& wanted = text_of(*configuration, "LocationConstraint"); !wanted.empty()) {
      if (wanted == "us-east-1")
        return AwsError(errors::InvalidLocationConstraint, "The specified location-constraint is not valid");
      region = wanted == "EU" ? "eu-west-1" : wanted;
      if (region != call.region && call.region != "us-east-1")
        return AwsError(
            errors::IllegalLocationConstraintException,
            fmt::format("The {} location constraint is incompatible for the region specific endpoint "
                        "this request was sent to.",
                        wanted));
    }
  Reply reply;
  reply.output["Location"] =
      region == "us-east-1" ? "/" + name : fmt::format("http://{}.s3.amazonaws.com/", name);
  if (const Bucket* existing = store_.find(name)) {
    if (existing->account != call.account)
      return AwsError(
          errors::BucketAlreadyExists,
          "The requested bucket name is not available. The bucket namespace is shared by all users of "
          "the system. Please select a different name and try again.");
    // us-east-1 answers so for old times' sake.
    if (call.region == "us-east-1" && existing->region == region) return reply;
    return AwsError(errors::BucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already own it.");
  }
  Bucket bucket;
  bucket.name = name;
  bucket.account = call.account;
  bucket.region = std::move(region);
  bucket.created = call.now;
  if (const std::string& ownership = text_of(call.input, "ObjectOwnership"); !ownership.empty())
    bucket.settings["ownership"] = {{"Rules", Json::array({{{"ObjectOwnership", ownership}}})}};
  store_.add(std::move(bucket));
  return reply;
}

Result<Reply> S3Service::delete_bucket(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  if (!(*bucket)->objects.empty()) {
    AwsError error(errors::BucketNotEmpty,
                   (*bucket)->versioning.empty()
                       ? "The bucket you tried to delete is not empty"
                       : "The bucket you tried to delete is not empty. You must delete "
                         "all versions in the bucket.");
    error.members = {{"BucketName", (*bucket)->name}};
    return error;
  }
  if (points_.attached_to((*bucket)->name)) {
    AwsError error(errors::BucketHasAccessPointsAttached,
                   "The bucket you tried to delete has access points attached. Delete your access points "
                   "and try again.");
    error.members = {{"BucketName", (*bucket)->name}};
    return error;
  }
  store_.erase((*bucket)->name);
  Reply reply;
  reply.status = 204;
  return reply;
}

Result<Reply> S3Service::head_bucket(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Reply reply;
  reply.output["BucketRegion"] = (*bucket)->region;
  return reply;
}

Result<Reply> S3Service::list_buckets(Call& call) {
  Reply reply;
  reply.output["Owner"] = {{"ID", canonical_id(call.account)}};
  Json& rows = reply.output["Buckets"] = Json::array();
  const std::string& prefix = text_of(call.input, "Prefix");
  const std::string& after = text_of(call.input, "ContinuationToken");
  const std::string& region = text_of(call.input, "BucketRegion");
  const std::int64_t limit = number_of(call.input, "MaxBuckets").value_or(10'000);
  for (const auto& [name, bucket] : store_.all()) {
    if (bucket.account != call.account || !name.starts_with(prefix) || name <= after) continue;
    if (!region.empty() && bucket.region != region) continue;
    if (static_cast<std::int64_t>(rows.size()) == limit) {
      reply.output["ContinuationToken"] = rows.back()["Name"];
      break;
    }
    rows.push_back(
        {{"Name", name}, {"CreationDate", epoch_seconds(bucket.created)}, {"BucketRegion", bucket.region}});
  }
  if (!prefix.empty()) reply.output["Prefix"] = prefix;
  return reply;
}

Result<Reply> S3Service::get_bucket_location(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Reply reply;
  reply.output["LocationConstraint"] = (*bucket)->region == "us-east-1" ? "" : (*bucket)->region;
  return reply;
}

Result<Reply> S3Service::get_bucket_versioning(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Reply reply;
  if (!(*bucket)->versioning.empty()) reply.output["Status"] = (*bucket)->versioning;
  return reply;
}

Result<Reply> S3Service::put_bucket_versioning(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Json* configuration = find_member(call.input, "VersioningConfiguration");
  const std::string& status = configuration != nullptr ? text_of(*configuration, "Status") : std::string();
  if (status != "Enabled" && status != "Suspended") return malformed_xml_error();
  (*bucket)->versioning = status;
  store_.save(**bucket);
  return Reply{};
}

Result<Reply> S3Service::get_bucket_acl(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Reply reply;
  reply.output["Owner"] = owner_of(**bucket);
  Json grantee = owner_of(**bucket);
  grantee["Type"] = "CanonicalUser";
  reply.output["Grants"] = Json::array({{{"Grantee", std::move(grantee)}, {"Permission", "FULL_CONTROL"}}});
  return reply;
}

}  // namespace aviary::s3
