#include <algorithm>
#include <tuple>

#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/listing.hpp"

namespace aviary::s3 {

Result<Reply> S3Service::list_parts(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<Upload*> found = upload_of(**bucket, call);
  if (!found) return found.error();
  const Upload& upload = **found;
  const auto marker = number_of(call.input, "PartNumberMarker").value_or(0);
  const std::int64_t limit =
      std::clamp<std::int64_t>(number_of(call.input, "MaxParts").value_or(1000), 0, 1000);
  Reply reply;
  reply.output = {{"Bucket", (*bucket)->name},
                  {"Key", upload.key},
                  {"UploadId", upload.id},
                  {"MaxParts", limit},
                  {"IsTruncated", false},
                  {"PartNumberMarker", marker},
                  {"StorageClass", upload.description.headers.value("StorageClass", "STANDARD")},
                  {"Owner", owner_of(**bucket)},
                  {"Initiator", owner_of(**bucket)}};
  Json rows = Json::array();
  for (auto part = upload.parts.upper_bound(static_cast<int>(marker)); part != upload.parts.end(); ++part) {
    if (static_cast<std::int64_t>(rows.size()) == limit) {
      reply.output["IsTruncated"] = limit != 0;
      break;
    }
    Json row = part->second.checksums;
    row["PartNumber"] = part->first;
    row["ETag"] = etag_text(part->second.etag);
    row["Size"] = part->second.size;
    row["LastModified"] = epoch_seconds(part->second.modified);
    reply.output["NextPartNumberMarker"] = part->first;
    rows.push_back(std::move(row));
  }
  reply.output["Parts"] = std::move(rows);
  return reply;
}

Result<Reply> S3Service::list_multipart_uploads(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const std::string& prefix = text_of(call.input, "Prefix");
  const std::string& delimiter = text_of(call.input, "Delimiter");
  const std::string& key_marker = text_of(call.input, "KeyMarker");
  const std::string& id_marker = text_of(call.input, "UploadIdMarker");
  const std::int64_t limit =
      std::clamp<std::int64_t>(number_of(call.input, "MaxUploads").value_or(1000), 0, 1000);
  std::vector<const Upload*> uploads;
  for (const auto& [id, upload] : (*bucket)->uploads)
    if (upload.key.starts_with(prefix)) uploads.push_back(&upload);
  std::ranges::sort(uploads, [](const Upload* a, const Upload* b) {
    return std::tie(a->key, a->initiated, a->id) < std::tie(b->key, b->initiated, b->id);
  });
  Reply reply;
  reply.output = {{"Bucket", (*bucket)->name},   {"Prefix", prefix},    {"KeyMarker", key_marker},
                  {"UploadIdMarker", id_marker}, {"MaxUploads", limit}, {"IsTruncated", false}};
  if (!delimiter.empty()) reply.output["Delimiter"] = delimiter;
  std::string last_prefix;
  std::int64_t count = 0;
  bool past_marker = id_marker.empty();
  for (const Upload* upload : uploads) {
    if (upload->key < key_marker) continue;
    if (upload->key == key_marker) {
      if (past_marker && id_marker.empty()) continue;
      if (!past_marker) {
        past_marker = upload->id == id_marker;
        continue;
      }
    }
    const std::string_view common = common_prefix(upload->key, prefix, delimiter);
    if (!common.empty() && common == last_prefix) continue;
    if (count == limit) {
      reply.output["IsTruncated"] = limit != 0;
      break;
    }
    ++count;
    reply.output["NextKeyMarker"] = upload->key;
    reply.output["NextUploadIdMarker"] = upload->id;
    if (!common.empty()) {
      last_prefix = common;
      reply.output["CommonPrefixes"].push_back({{"Prefix", last_prefix}});
      continue;
    }
    reply.output["Uploads"].push_back(
        {{"Key", upload->key},
         {"UploadId", upload->id},
         {"Initiated", epoch_seconds(upload->initiated)},
         {"StorageClass", upload->description.headers.value("StorageClass", "STANDARD")},
         {"Owner", owner_of(**bucket)},
         {"Initiator", owner_of(**bucket)}});
  }
  if (!reply.output.at("IsTruncated").get<bool>()) {
    reply.output.erase("NextKeyMarker");
    reply.output.erase("NextUploadIdMarker");
  }
  return reply;
}

}  // namespace aviary::s3
