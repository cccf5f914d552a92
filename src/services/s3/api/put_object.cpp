#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

constexpr std::size_t longest_key = 1024;

}  // namespace

Task<Result<Reply>> S3Service::put_object(Call call) {
  const std::string key = text_of(call.input, "Key");
  {
    Result<Bucket*> bucket = bucket_of(call);
    if (!bucket) co_return bucket.error();
    if (key.size() > longest_key) {
      AwsError error(models::s3::errors::KeyTooLongError, "Your key is too long");
      error.members = {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", "1024"}};
      co_return error;
    }
    Result<> allowed = check_write_conditions(call.input, BucketStore::find_object(**bucket, key, {}), key);
    if (!allowed) co_return allowed.error();
  }
  Result<Description> description = description_of(call.input);
  if (!description) co_return description.error();

  std::string algorithm = text_of(call.input, "ChecksumAlgorithm");
  // What S3 computes when the client promises nothing.
  if (algorithm.empty() && checksums_in(call.input).empty() && call.http->header("x-amz-trailer").empty())
    algorithm = "CRC64NVME";
  auto receiving = receive(call, std::move(algorithm), false);
  Result<Received> received = co_await std::move(receiving);
  if (!received) co_return received.error();
  description->checksums = std::move(received->digests.checksums);
  description->checksum_type = "FULL_OBJECT";
  ObjectVersion version;
  version.size = received->size;
  version.etag = std::move(received->digests.md5);
  version.description = std::move(*description);
  if (received->body) version.segments.push_back({std::move(received->body)});

  // Others may have come meanwhile.
  Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) co_return bucket.error();
  Result<> allowed = check_write_conditions(call.input, BucketStore::find_object(**bucket, key, {}), key);
  if (!allowed) co_return allowed.error();
  version.modified = clock_.now();
  const ObjectVersion& put = store_.put_object(**bucket, key, std::move(version));
  tell(**bucket, "ObjectCreated:Put", key, put, call);

  Reply reply;
  reply.output = put.description.checksums;
  reply.output["ChecksumType"] = put.description.checksum_type;
  reply.output["ETag"] = etag_text(put.etag);
  reply.output["ServerSideEncryption"] = put.description.headers.at("ServerSideEncryption");
  if (!(*bucket)->versioning.empty()) reply.output["VersionId"] = put.version_id;
  co_return reply;
}

}  // namespace aviary::s3
