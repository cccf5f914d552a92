#include "services/s3/core/records.hpp"

#include "base/log.hpp"

namespace aviary::s3 {
namespace {

std::int64_t record_time(Instant at) { return at.time_since_epoch().count(); }
Instant time_from(const Json& record, const char* name) {
  return Instant(Duration(record.at(name).get<std::int64_t>()));
}

Json description_record(const Description& description) {
  return {{"headers", description.headers},
          {"metadata", description.metadata},
          {"tags", description.tags},
          {"checksums", description.checksums},
          {"checksum_type", description.checksum_type}};
}

Description description_from(const Json& record) {
  Description description;
  description.headers = record.at("headers");
  record.at("metadata").get_to(description.metadata);
  record.at("tags").get_to(description.tags);
  description.checksums = record.at("checksums");
  record.at("checksum_type").get_to(description.checksum_type);
  return description;
}

/// A body that is gone (somebody deleted files) leaves a segment that cannot be read; the object says so.
Segment segment_from(const Json& id, BodyStore& bodies) {
  const auto& name = id.get_ref<const std::string&>();
  Segment segment{bodies.open(name)};
  if (!segment.body) log::error("the bytes {} of an object are gone", name);
  return segment;
}

}  // namespace

Json bucket_record(const Bucket& bucket) {
  return {{"name", bucket.name},
          {"account", bucket.account},
          {"region", bucket.region},
          {"created", record_time(bucket.created)},
          {"versioning", bucket.versioning},
          {"settings", bucket.settings}};
}

Bucket bucket_from(const Json& record) {
  Bucket bucket;
  record.at("name").get_to(bucket.name);
  record.at("account").get_to(bucket.account);
  record.at("region").get_to(bucket.region);
  bucket.created = time_from(record, "created");
  record.at("versioning").get_to(bucket.versioning);
  record.at("settings").get_to(bucket.settings);
  return bucket;
}

Json object_record(const ObjectVersion& version) {
  Json record{{"serial", version.serial},
              {"version", version.version_id},
              {"modified", record_time(version.modified)},
              {"marker", version.delete_marker},
              {"size", version.size},
              {"etag", version.etag},
              {"description", description_record(version.description)}};
  Json& bodies = record["bodies"] = Json::array();
  for (const Segment& segment : version.segments)
    if (segment.body) bodies.push_back(segment.body->id);
  return record;
}

ObjectVersion object_from(const Json& record, BodyStore& bodies) {
  ObjectVersion version;
  record.at("serial").get_to(version.serial);
  record.at("version").get_to(version.version_id);
  version.modified = time_from(record, "modified");
  record.at("marker").get_to(version.delete_marker);
  record.at("size").get_to(version.size);
  record.at("etag").get_to(version.etag);
  version.description = description_from(record.at("description"));
  for (const Json& id : record.at("bodies")) version.segments.push_back(segment_from(id, bodies));
  return version;
}

Json upload_record(const Upload& upload) {
  Json record{{"id", upload.id},
              {"key", upload.key},
              {"initiated", record_time(upload.initiated)},
              {"description", description_record(upload.description)},
              {"algorithm", upload.checksum_algorithm}};
  Json& parts = record["parts"] = Json::array();
  for (const auto& [number, part] : upload.parts)
    parts.push_back({{"number", number},
                     {"size", part.size},
                     {"etag", part.etag},
                     {"modified", record_time(part.modified)},
                     {"checksums", part.checksums},
                     {"body", part.segment.body ? part.segment.body->id : std::string()}});
  return record;
}

Upload upload_from(const Json& record, BodyStore& bodies) {
  Upload upload;
  record.at("id").get_to(upload.id);
  record.at("key").get_to(upload.key);
  upload.initiated = time_from(record, "initiated");
  upload.description = description_from(record.at("description"));
  record.at("algorithm").get_to(upload.checksum_algorithm);
  for (const Json& each : record.at("parts")) {
    Part part;
    each.at("size").get_to(part.size);
    each.at("etag").get_to(part.etag);
    part.modified = time_from(each, "modified");
    part.checksums = each.at("checksums");
    part.segment = segment_from(each.at("body"), bodies);
    upload.parts.emplace(each.at("number").get<int>(), std::move(part));
  }
  return upload;
}

}  // namespace aviary::s3
