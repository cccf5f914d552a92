#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/md5.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/limits.hpp"

namespace aviary::s3 {
namespace {

namespace errors = models::s3::errors;

}  // namespace

Result<Upload*> S3Service::upload_of(Bucket& bucket, const Call& call) {
  const std::string& id = text_of(call.input, "UploadId");
  const auto found = bucket.uploads.find(id);
  if (found == bucket.uploads.end() || found->second.key != text_of(call.input, "Key"))
    return no_such_upload(id);
  return &found->second;
}

Result<Reply> S3Service::create_multipart_upload(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Result<Description> description = description_of(call.input);
  if (!description) return description.error();
  Upload upload;
  upload.key = text_of(call.input, "Key");
  upload.initiated = call.now;
  upload.description = std::move(*description);
  upload.checksum_algorithm = text_of(call.input, "ChecksumAlgorithm");
  upload.description.checksum_type = text_of(call.input, "ChecksumType");
  if (upload.description.checksum_type.empty() && !upload.checksum_algorithm.empty())
    upload.description.checksum_type = upload.checksum_algorithm == "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const Upload& begun = store_.add_upload(**bucket, std::move(upload));
  Reply reply;
  reply.output = {{"Bucket", (*bucket)->name}, {"Key", begun.key}, {"UploadId", begun.id}};
  reply.output["ServerSideEncryption"] = begun.description.headers.at("ServerSideEncryption");
  if (!begun.checksum_algorithm.empty()) reply.output["ChecksumAlgorithm"] = begun.checksum_algorithm;
  if (!begun.description.checksum_type.empty())
    reply.output["ChecksumType"] = begun.description.checksum_type;
  return reply;
}

Task<Result<Reply>> S3Service::upload_part(Call call) {
  const std::int64_t number = number_of(call.input, "PartNumber").value_or(0);
  std::string algorithm;
  {
    Result<Bucket*> bucket = bucket_of(call);
    if (!bucket) co_return bucket.error();
    Result<Upload*> upload = upload_of(**bucket, call);
    if (!upload) co_return upload.error();
    if (number < 1 || number > most_parts)
      co_return invalid_argument("Part number must be an integer between 1 and 10000, inclusive",
                                 "partNumber", std::to_string(number));
    algorithm = (*upload)->checksum_algorithm;
  }
  auto receiving = receive(call, std::move(algorithm), true);
  Result<Received> received = co_await std::move(receiving);
  if (!received) co_return received.error();
  Part part;
  part.size = received->size;
  part.segment.body = std::move(received->body);
  part.etag = std::move(received->digests.md5);
  part.checksums = std::move(received->digests.checksums);
  part.modified = clock_.now();

  // The upload may have ended meanwhile.
  Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) co_return bucket.error();
  Result<Upload*> upload = upload_of(**bucket, call);
  if (!upload) co_return upload.error();
  Reply reply;
  reply.output = part.checksums;
  reply.output["ETag"] = etag_text(part.etag);
  reply.output["ServerSideEncryption"] = (*upload)->description.headers.at("ServerSideEncryption");
  (*upload)->parts[static_cast<int>(number)] = std::move(part);
  store_.save_upload(**bucket, **upload);
  co_return reply;
}

Result<Reply> S3Service::complete_multipart_upload(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<Upload*> found = upload_of(**bucket, call);
  if (!found) return found.error();
  const Upload& upload = **found;
  const Json* given = find_member(call.input, "MultipartUpload");
  const Json parts = given != nullptr ? given->value("Parts", Json::array()) : Json::array();
  if (parts.empty()) return malformed_xml_error();

  ObjectVersion version;
  version.modified = call.now;
  version.description = upload.description;
  std::string digests;
  Json checksums = Json::array();
  std::int64_t last = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::int64_t number = number_of(parts[i], "PartNumber").value_or(0);
    if (number <= last)
      return AwsError(
          errors::InvalidPartOrder,
          "The list of parts was not in ascending order. The parts list must be specified in order by "
          "part number.");
    last = number;
    const auto part = upload.parts.find(static_cast<int>(number));
    if (part == upload.parts.end() || part->second.etag != unquoted(text_of(parts[i], "ETag"))) {
      AwsError error(
          errors::InvalidPart,
          "One or more of the specified parts could not be found.  The part may not have been uploaded, "
          "or the specified entity tag may not match the part's entity tag.");
      error.members = {{"UploadId", upload.id},
                       {"PartNumber", std::to_string(number)},
                       {"ETag", text_of(parts[i], "ETag")}};
      return error;
    }
    if (i + 1 < parts.size() && part->second.size < smallest_part) {
      AwsError error(errors::EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size");
      error.members = {{"ProposedSize", std::to_string(part->second.size)},
                       {"MinSizeAllowed", std::to_string(smallest_part)},
                       {"PartNumber", std::to_string(number)}};
      return error;
    }
    version.size += part->second.size;
    version.segments.push_back(part->second.segment);
    std::string raw(16, '\0');
    for (std::size_t digit = 0; digit < 16; ++digit)
      raw[digit] = static_cast<char>(std::stoi(part->second.etag.substr(2 * digit, 2), nullptr, 16));
    digests += raw;
    checksums.push_back(part->second.checksums);
  }
  if (version.size > largest_object) return entity_too_large(version.size, largest_object);
  if (const Result<> allowed =
          check_write_conditions(call.input, BucketStore::find_object(**bucket, upload.key, {}), upload.key);
      !allowed)
    return allowed.error();
  version.etag = fmt::format("{}-{}", hex_encode(md5(digests)), parts.size());
  if (version.description.checksum_type == "COMPOSITE") {
    if (std::optional<std::string> composite = composite_checksum(upload.checksum_algorithm, checksums))
      version.description.checksums["Checksum" + upload.checksum_algorithm] = std::move(*composite);
  } else {
    version.description.checksums = checksums_in(call.input);
  }
  const std::string key = upload.key;
  store_.erase_upload(**bucket, std::string(upload.id));
  const ObjectVersion& put = store_.put_object(**bucket, key, std::move(version));
  tell(**bucket, "ObjectCreated:CompleteMultipartUpload", key, put, call);
  Reply reply;
  reply.output = put.description.checksums;
  reply.output["Location"] = fmt::format("{}/{}/{}", call.base_url, (*bucket)->name, percent_encode(key));
  reply.output["Bucket"] = (*bucket)->name;
  reply.output["Key"] = key;
  reply.output["ETag"] = etag_text(put.etag);
  reply.output["ServerSideEncryption"] = put.description.headers.at("ServerSideEncryption");
  if (!put.description.checksum_type.empty()) reply.output["ChecksumType"] = put.description.checksum_type;
  if (!(*bucket)->versioning.empty()) reply.output["VersionId"] = put.version_id;
  return reply;
}

Result<Reply> S3Service::abort_multipart_upload(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<Upload*> upload = upload_of(**bucket, call);
  if (!upload) return upload.error();
  store_.erase_upload(**bucket, std::string((*upload)->id));
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace aviary::s3
