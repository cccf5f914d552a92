#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

std::string_view removal_event(const BucketStore::Deleted& deleted, std::string_view version_id) {
  return deleted.delete_marker && version_id.empty() ? "ObjectRemoved:DeleteMarkerCreated"
                                                     : "ObjectRemoved:Delete";
}

ObjectVersion removed_version(const BucketStore::Deleted& deleted) {
  ObjectVersion version;
  version.version_id = deleted.version_id;
  version.delete_marker = true;
  return version;
}

}  // namespace

Result<Reply> S3Service::delete_object(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const std::string& key = text_of(call.input, "Key");
  const std::string& version_id = text_of(call.input, "VersionId");
  if (const Result<> allowed =
          check_write_conditions(call.input, BucketStore::find_object(**bucket, key, version_id), key);
      !allowed)
    return allowed.error();
  const bool existed = BucketStore::find_object(**bucket, key, version_id) != nullptr;
  const BucketStore::Deleted deleted = store_.delete_object(**bucket, key, version_id, call.now);
  if (existed) tell(**bucket, removal_event(deleted, version_id), key, removed_version(deleted), call);
  Reply reply;
  reply.status = 204;
  if (deleted.delete_marker) reply.output["DeleteMarker"] = true;
  if (!deleted.version_id.empty()) reply.output["VersionId"] = deleted.version_id;
  return reply;
}

Result<Reply> S3Service::delete_objects(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Json& request = call.input.at("Delete");
  const Json objects = request.value("Objects", Json::array());
  if (objects.empty() || objects.size() > 1000) return malformed_xml_error();
  const bool quiet = flag_of(request, "Quiet");
  Reply reply;
  for (const Json& each : objects) {
    const std::string& key = text_of(each, "Key");
    const std::string& version_id = text_of(each, "VersionId");
    const bool existed = BucketStore::find_object(**bucket, key, version_id) != nullptr;
    const BucketStore::Deleted deleted = store_.delete_object(**bucket, key, version_id, call.now);
    if (existed) tell(**bucket, removal_event(deleted, version_id), key, removed_version(deleted), call);
    if (quiet) continue;
    Json row{{"Key", key}};
    if (!version_id.empty()) row["VersionId"] = version_id;
    if (deleted.delete_marker) {
      row["DeleteMarker"] = true;
      row["DeleteMarkerVersionId"] = deleted.version_id;
    }
    reply.output["Deleted"].push_back(std::move(row));
  }
  return reply;
}

}  // namespace aviary::s3
