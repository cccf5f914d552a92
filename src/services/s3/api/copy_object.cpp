#include <fmt/format.h>

#include <cmath>

#include "base/encoding.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/api/ranges.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/api/stored_bytes.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/limits.hpp"
#include "wire/query_string.hpp"

namespace aviary::s3 {
namespace {

/// `bucket/key?versionId=…`, percent-encoded, perhaps with a slash before it; an access point's ARN with
/// `/object/key` is one, too.
struct Source {
  std::string bucket;
  std::string key;
  std::string version_id;
};

std::optional<Source> source_in(const std::string& text) {
  std::string_view rest = text;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  Source source;
  if (const std::size_t mark = rest.find("?versionId="); mark != std::string_view::npos) {
    source.version_id = rest.substr(mark + std::string_view("?versionId=").size());
    rest = rest.substr(0, mark);
  }
  const std::optional<std::string> path = percent_decode(rest);
  if (!path) return std::nullopt;
  constexpr std::string_view of_access_point = "/object/";
  if (const std::size_t mark = path->find(of_access_point);
      path->starts_with("arn:") && mark != std::string::npos) {
    source.bucket = path->substr(0, mark);
    source.key = path->substr(mark + of_access_point.size());
    return source.key.empty() ? std::nullopt : std::optional(source);
  }
  const std::size_t slash = path->find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == path->size()) return std::nullopt;
  source.bucket = path->substr(0, slash);
  source.key = path->substr(slash + 1);
  return source;
}

Result<> check_source_conditions(const Json& input, const ObjectVersion& source) {
  if (const std::string& wanted = text_of(input, "CopySourceIfMatch"); !wanted.empty())
    if (wanted != "*" && unquoted(wanted) != source.etag)
      return precondition_failed("x-amz-copy-source-If-Match");
  if (const std::string& unwanted = text_of(input, "CopySourceIfNoneMatch"); !unwanted.empty())
    if (unwanted == "*" || unquoted(unwanted) == source.etag)
      return precondition_failed("x-amz-copy-source-If-None-Match");
  const double modified = std::floor(epoch_seconds(source.modified));
  if (const Json* since = find_member(input, "CopySourceIfModifiedSince"))
    if (modified <= since->get<double>()) return precondition_failed("x-amz-copy-source-If-Modified-Since");
  if (const Json* since = find_member(input, "CopySourceIfUnmodifiedSince"))
    if (modified > since->get<double>()) return precondition_failed("x-amz-copy-source-If-Unmodified-Since");
  return {};
}

AwsError bad_source() {
  return invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                          "x-amz-copy-source", "");
}

}  // namespace

/// The copy holds the same bytes on disk: copying costs nothing, however large the object is.
Result<Reply> S3Service::copy_object(Call& call) {
  const std::optional<Source> source = source_in(text_of(call.input, "CopySource"));
  if (!source) return bad_source();
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<Bucket*> from = reached(source->bucket, call.region);
  if (!from) return from.error();
  const Result<ObjectVersion*> found =
      object_of(**from, {{"Key", source->key}, {"VersionId", source->version_id}});
  if (!found) return found.error();
  if (const Result<> allowed = check_source_conditions(call.input, **found); !allowed) return allowed.error();
  const std::string key = text_of(call.input, "Key");
  if (const Result<> allowed =
          check_write_conditions(call.input, BucketStore::find_object(**bucket, key, {}), key);
      !allowed)
    return allowed.error();

  if ((*found)->size > largest_put) return copy_source_too_large();
  ObjectVersion copy = **found;
  copy.modified = call.now;
  Result<Description> given = description_of(call.input);
  if (!given) return given.error();
  const bool replaces = text_of(call.input, "MetadataDirective") == "REPLACE";
  const bool replaces_tags = text_of(call.input, "TaggingDirective") == "REPLACE";
  const bool itself = *from == *bucket && source->key == key && source->version_id.empty();
  if (itself && !replaces && !replaces_tags && text_of(call.input, "StorageClass").empty() &&
      text_of(call.input, "ServerSideEncryption").empty() &&
      text_of(call.input, "WebsiteRedirectLocation").empty())
    return AwsError(models::s3::errors::InvalidRequest,
                    "This copy request is illegal because it is trying to copy an object to itself without "
                    "changing the object's metadata, storage class, website redirect location or encryption "
                    "attributes.");
  if (replaces) {
    copy.description.headers = given->headers;
    copy.description.metadata = given->metadata;
  } else {
    for (const char* name :
         {"StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "WebsiteRedirectLocation"})
      if (const Json* value = find_member(call.input, name)) copy.description.headers[name] = *value;
  }
  if (replaces_tags) copy.description.tags = given->tags;
  const std::string source_version = copy.version_id;
  const bool source_versioned = !(*from)->versioning.empty();
  const ObjectVersion& put = store_.put_object(**bucket, key, std::move(copy));
  tell(**bucket, "ObjectCreated:Copy", key, put, call);

  Reply reply;
  Json& result = reply.output["CopyObjectResult"] = put.description.checksums;
  result["ETag"] = etag_text(put.etag);
  result["LastModified"] = epoch_seconds(put.modified);
  if (!put.description.checksum_type.empty()) result["ChecksumType"] = put.description.checksum_type;
  reply.output["ServerSideEncryption"] = put.description.headers.at("ServerSideEncryption");
  if (source_versioned) reply.output["CopySourceVersionId"] = source_version;
  if (!(*bucket)->versioning.empty()) reply.output["VersionId"] = put.version_id;
  return reply;
}

Task<Result<Reply>> S3Service::upload_part_copy(Call call) {
  const std::optional<Source> source = source_in(text_of(call.input, "CopySource"));
  if (!source) co_return bad_source();
  std::vector<Segment> segments;
  Range range;
  {
    Result<Bucket*> from = reached(source->bucket, call.region);
    if (!from) co_return from.error();
    const Json wanted{{"Key", source->key}, {"VersionId", source->version_id}};
    Result<ObjectVersion*> found = object_of(**from, wanted);
    if (!found) co_return found.error();
    Result<> allowed = check_source_conditions(call.input, **found);
    if (!allowed) co_return allowed.error();
    segments = (*found)->segments;
    range.length = (*found)->size;
    if (const std::string& text = text_of(call.input, "CopySourceRange"); !text.empty()) {
      Result<std::optional<Range>> wanted_range = range_in(text, (*found)->size);
      if (!wanted_range) co_return wanted_range.error();
      if (!*wanted_range)
        co_return invalid_argument("The x-amz-copy-source-range value must be of the form bytes=first-last",
                                   "x-amz-copy-source-range", text);
      range = **wanted_range;
    }
  }
  if (range.length > largest_put) co_return copy_source_too_large();
  // From disk to disk, as if a client sent it.
  StoredBytes copied(bodies_, std::move(segments), range.offset, range.length);
  call.incoming = &copied;
  Result<Reply> uploaded = co_await upload_part(std::move(call));
  if (!uploaded) co_return uploaded.error();
  Reply reply;
  Json& result = reply.output["CopyPartResult"] = checksums_in(uploaded->output);
  result["ETag"] = uploaded->output.at("ETag");
  result["LastModified"] = epoch_seconds(clock_.now());
  co_return reply;
}

}  // namespace aviary::s3
