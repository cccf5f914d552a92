#include <algorithm>

#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"

/// Requests that name an access point where a bucket's name would be.
namespace aviary::s3 {
namespace {

/// What may be asked through an access point.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-service-api-support.html
constexpr std::string_view through[] = {"AbortMultipartUpload",
                                        "CompleteMultipartUpload",
                                        "CopyObject",
                                        "CreateMultipartUpload",
                                        "DeleteObject",
                                        "DeleteObjectTagging",
                                        "DeleteObjects",
                                        "GetBucketAcl",
                                        "GetBucketCors",
                                        "GetBucketLocation",
                                        "GetBucketNotificationConfiguration",
                                        "GetBucketPolicy",
                                        "GetObject",
                                        "GetObjectAttributes",
                                        "GetObjectTagging",
                                        "HeadBucket",
                                        "HeadObject",
                                        "ListMultipartUploads",
                                        "ListObjectVersions",
                                        "ListObjects",
                                        "ListObjectsV2",
                                        "ListParts",
                                        "PutObject",
                                        "PutObjectTagging",
                                        "UploadPart",
                                        "UploadPartCopy"};

}  // namespace

const AccessPoint* S3Service::access_point(std::string_view bucket, const std::string& region) {
  return store_.find(bucket) == nullptr ? points_.named(bucket, region) : nullptr;
}

Result<Bucket*> S3Service::reached(std::string_view bucket, const std::string& region) {
  if (const AccessPoint* point = access_point(bucket, region)) return store_.require(point->bucket);
  if (!bucket.starts_with("arn:")) return store_.require(bucket);
  AwsError error(models::s3::errors::NoSuchAccessPoint, "The specified accesspoint does not exist");
  error.members = {{"AccessPointName", std::string(bucket.substr(bucket.find_last_of(":/") + 1))}};
  return error;
}

Result<> S3Service::go_through_access_point(Call& call) {
  const std::string& bucket = text_of(call.input, "Bucket");
  if (bucket.empty() || call.operation->name == "CreateBucket") return {};
  const AccessPoint* point = access_point(bucket, call.region);
  if (point == nullptr && !bucket.starts_with("arn:")) return {};
  const Result<Bucket*> found = reached(bucket, call.region);
  if (!found) return found.error();
  if (std::ranges::find(through, call.operation->name) == std::end(through))
    return AwsError(models::s3::errors::MethodNotAllowed,
                    "The specified method is not allowed against this resource.");
  call.input["Bucket"] = (*found)->name;
  return {};
}

}  // namespace aviary::s3
