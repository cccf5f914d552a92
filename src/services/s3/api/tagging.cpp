#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

Reply tagging_reply(const Bucket& bucket, const ObjectVersion& version) {
  Reply reply;
  if (!bucket.versioning.empty()) reply.output["VersionId"] = version.version_id;
  return reply;
}

}  // namespace

Result<Reply> S3Service::put_object_tagging(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<ObjectVersion*> found = object_of(**bucket, call.input);
  if (!found) return found.error();
  Result<Tags> tags = tags_of(call.input.at("Tagging").value("TagSet", Json::array()));
  if (!tags) return tags.error();
  if (tags->size() > 10)
    return AwsError(models::s3::errors::InvalidTag, "Object tags cannot be greater than 10");
  (*found)->description.tags = std::move(*tags);
  store_.save_object(**bucket, text_of(call.input, "Key"), **found);
  return tagging_reply(**bucket, **found);
}

Result<Reply> S3Service::get_object_tagging(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<ObjectVersion*> found = object_of(**bucket, call.input);
  if (!found) return found.error();
  Reply reply = tagging_reply(**bucket, **found);
  Json& rows = reply.output["TagSet"] = Json::array();
  for (const auto& [key, value] : (*found)->description.tags)
    rows.push_back({{"Key", key}, {"Value", value}});
  return reply;
}

Result<Reply> S3Service::delete_object_tagging(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<ObjectVersion*> found = object_of(**bucket, call.input);
  if (!found) return found.error();
  (*found)->description.tags.clear();
  store_.save_object(**bucket, text_of(call.input, "Key"), **found);
  Reply reply = tagging_reply(**bucket, **found);
  reply.status = 204;
  return reply;
}

}  // namespace aviary::s3
