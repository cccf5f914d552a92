#include <fmt/format.h>

#include <cmath>

#include "services/s3/api/input.hpp"
#include "services/s3/api/ranges.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/api/stored_bytes.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

/// RFC 9110's order: If-Match before If-Unmodified-Since, If-None-Match before If-Modified-Since.
Result<> check_read_conditions(const Json& input, const ObjectVersion& version) {
  const double modified = std::floor(epoch_seconds(version.modified));
  const std::string& wanted = text_of(input, "IfMatch");
  if (!wanted.empty()) {
    if (wanted != "*" && unquoted(wanted) != version.etag) return precondition_failed("If-Match");
  } else if (const Json* since = find_member(input, "IfUnmodifiedSince")) {
    if (modified > since->get<double>()) return precondition_failed("If-Unmodified-Since");
  }
  const std::string& unwanted = text_of(input, "IfNoneMatch");
  if (!unwanted.empty()) {
    if (unwanted == "*" || unquoted(unwanted) == version.etag)
      return AwsError(models::s3::errors::NotModified, "Not Modified");
  } else if (const Json* since = find_member(input, "IfModifiedSince")) {
    if (modified <= since->get<double>()) return AwsError(models::s3::errors::NotModified, "Not Modified");
  }
  return {};
}

/// Which bytes are asked for; the whole object if nothing says otherwise.
struct Piece {
  Range range;
  bool partial = false;
};

Result<Piece> piece_of(const Json& input, const ObjectVersion& version) {
  Piece piece{{0, version.size}, false};
  if (const std::optional<std::int64_t> number = number_of(input, "PartNumber")) {
    const auto count = static_cast<std::int64_t>(std::max<std::size_t>(1, version.segments.size()));
    if (*number < 1 || *number > count)
      return AwsError(models::s3::errors::InvalidRange, "The requested partnumber is not satisfiable");
    if (version.segments.empty()) return piece;
    for (std::int64_t i = 1; i < *number; ++i)
      if (const BodyHandle& body = version.segments[static_cast<std::size_t>(i - 1)].body)
        piece.range.offset += body->size;
    const BodyHandle& body = version.segments[static_cast<std::size_t>(*number - 1)].body;
    piece.range.length = body ? body->size : 0;
    piece.partial = true;
    return piece;
  }
  if (const std::string& text = text_of(input, "Range"); !text.empty()) {
    const Result<std::optional<Range>> range = range_in(text, version.size);
    if (!range) return range.error();
    if (*range) piece = {**range, true};
  }
  return piece;
}

void describe_piece(const Json& input, const ObjectVersion& version, const Piece& piece, Reply& reply) {
  static constexpr std::pair<const char*, const char*> overrides[] = {
      {"ResponseCacheControl", "CacheControl"},       {"ResponseContentDisposition", "ContentDisposition"},
      {"ResponseContentEncoding", "ContentEncoding"}, {"ResponseContentLanguage", "ContentLanguage"},
      {"ResponseContentType", "ContentType"},         {"ResponseExpires", "Expires"}};
  for (const auto& [given, member] : overrides)
    if (const Json* value = find_member(input, given)) reply.output[member] = *value;
  reply.output["ContentLength"] = piece.range.length;
  if (version.etag.find('-') != std::string::npos && number_of(input, "PartNumber"))
    reply.output["PartsCount"] = version.segments.size();
  if (piece.partial) {
    reply.status = 206;
    reply.output["ContentRange"] = fmt::format("bytes {}-{}/{}", piece.range.offset,
                                               piece.range.offset + piece.range.length - 1, version.size);
  } else if (text_of(input, "ChecksumMode") == "ENABLED") {
    reply.output.update(version.description.checksums);
    if (!version.description.checksum_type.empty())
      reply.output["ChecksumType"] = version.description.checksum_type;
  }
}

}  // namespace

Task<Result<Reply>> S3Service::get_object(Call call) {
  Reply reply;
  Piece piece;
  std::vector<Segment> segments;
  {
    Result<Bucket*> bucket = bucket_of(call);
    if (!bucket) co_return bucket.error();
    Result<ObjectVersion*> found = object_of(**bucket, call.input);
    if (!found) co_return found.error();
    const ObjectVersion& version = **found;
    Result<> wanted = check_read_conditions(call.input, version);
    if (!wanted) co_return wanted.error();
    Result<Piece> asked = piece_of(call.input, version);
    if (!asked) co_return asked.error();
    piece = *asked;
    describe(version, **bucket, reply.output);
    describe_piece(call.input, version, piece, reply);
    segments = version.segments;
  }
  const std::uint64_t length = piece.range.length;
  auto stored = std::make_shared<StoredBytes>(bodies_, std::move(segments), piece.range.offset, length);
  // The first piece comes before the answer: it is often the last, and a disk that refuses is told so.
  auto taking = stored->next();
  BodyPiece first = co_await std::move(taking);
  if (length != 0 && first.bytes.empty()) co_return disk_failure();
  if (first.bytes.size() == length) {
    reply.payload = std::move(first.bytes);
  } else {
    stored->give_back(std::move(first.bytes));
    reply.source = std::move(stored);
    reply.source_size = length;
  }
  co_return reply;
}

Result<Reply> S3Service::head_object(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<ObjectVersion*> found = object_of(**bucket, call.input);
  if (!found) return found.error();
  if (const Result<> wanted = check_read_conditions(call.input, **found); !wanted) return wanted.error();
  const Result<Piece> piece = piece_of(call.input, **found);
  if (!piece) return piece.error();
  Reply reply;
  describe(**found, **bucket, reply.output);
  describe_piece(call.input, **found, *piece, reply);
  return reply;
}

Result<Reply> S3Service::get_object_attributes(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const Result<ObjectVersion*> found = object_of(**bucket, call.input);
  if (!found) return found.error();
  const ObjectVersion& version = **found;
  Reply reply;
  reply.output["LastModified"] = epoch_seconds(version.modified);
  if (!(*bucket)->versioning.empty()) reply.output["VersionId"] = version.version_id;
  for (const Json& each : call.input.at("ObjectAttributes")) {
    const std::string name = each.get<std::string>();
    if (name == "ETag") {
      reply.output["ETag"] = version.etag;
    } else if (name == "ObjectSize") {
      reply.output["ObjectSize"] = version.size;
    } else if (name == "StorageClass") {
      reply.output["StorageClass"] = version.description.headers.value("StorageClass", "STANDARD");
    } else if (name == "Checksum") {
      reply.output["Checksum"] = version.description.checksums;
      if (!version.description.checksum_type.empty())
        reply.output["Checksum"]["ChecksumType"] = version.description.checksum_type;
    } else if (name == "ObjectParts" && version.etag.find('-') != std::string::npos) {
      reply.output["ObjectParts"] = {{"TotalPartsCount", version.segments.size()}};
    }
  }
  return reply;
}

}  // namespace aviary::s3
