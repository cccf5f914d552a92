#include "services/s3/api/s3_service.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "models/s3.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/api/stored_bytes.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/notification.hpp"

namespace aviary::s3 {
/// Which member answers which operation.
OperationTable<S3Service> S3Service::operations() {
  using S = S3Service;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AbortMultipartUpload", &S::abort_multipart_upload},
      {"CompleteMultipartUpload", &S::complete_multipart_upload},
      {"CopyObject", &S::copy_object},
      {"CreateBucket", &S::create_bucket},
      {"CreateMultipartUpload", &S::create_multipart_upload},
      {"DeleteBucket", &S::delete_bucket},
      {"DeleteBucketCors", &S::delete_setting},
      {"DeleteBucketEncryption", &S::delete_setting},
      {"DeleteBucketLifecycle", &S::delete_setting},
      {"DeleteBucketOwnershipControls", &S::delete_setting},
      {"DeleteBucketPolicy", &S::delete_setting},
      {"DeleteBucketTagging", &S::delete_setting},
      {"DeleteBucketWebsite", &S::delete_setting},
      {"DeleteObject", &S::delete_object},
      {"DeleteObjectTagging", &S::delete_object_tagging},
      {"DeleteObjects", &S::delete_objects},
      {"DeletePublicAccessBlock", &S::delete_setting},
      {"GetBucketAccelerateConfiguration", &S::get_setting},
      {"GetBucketAcl", &S::get_bucket_acl},
      {"GetBucketCors", &S::get_setting},
      {"GetBucketEncryption", &S::get_setting},
      {"GetBucketLifecycleConfiguration", &S::get_setting},
      {"GetBucketLocation", &S::get_bucket_location},
      {"GetBucketLogging", &S::get_setting},
      {"GetBucketNotificationConfiguration", &S::get_setting},
      {"GetBucketOwnershipControls", &S::get_setting},
      {"GetBucketPolicy", &S::get_setting},
      {"GetBucketRequestPayment", &S::get_setting},
      {"GetBucketTagging", &S::get_setting},
      {"GetBucketVersioning", &S::get_bucket_versioning},
      {"GetBucketWebsite", &S::get_setting},
      {"GetObject", &S::get_object},
      {"GetObjectAttributes", &S::get_object_attributes},
      {"GetObjectTagging", &S::get_object_tagging},
      {"GetPublicAccessBlock", &S::get_setting},
      {"HeadBucket", &S::head_bucket},
      {"HeadObject", &S::head_object},
      {"ListBuckets", &S::list_buckets},
      {"ListMultipartUploads", &S::list_multipart_uploads},
      {"ListObjectVersions", &S::list_object_versions},
      {"ListObjects", &S::list_objects},
      {"ListObjectsV2", &S::list_objects_v2},
      {"ListParts", &S::list_parts},
      {"PutBucketAccelerateConfiguration", &S::put_setting},
      {"PutBucketCors", &S::put_setting},
      {"PutBucketEncryption", &S::put_setting},
      {"PutBucketLifecycleConfiguration", &S::put_setting},
      {"PutBucketLogging", &S::put_setting},
      {"PutBucketNotificationConfiguration", &S::put_setting},
      {"PutBucketOwnershipControls", &S::put_setting},
      {"PutBucketPolicy", &S::put_setting},
      {"PutBucketRequestPayment", &S::put_setting},
      {"PutBucketTagging", &S::put_setting},
      {"PutBucketVersioning", &S::put_bucket_versioning},
      {"PutBucketWebsite", &S::put_setting},
      {"PutObject", &S::put_object},
      {"PutObjectTagging", &S::put_object_tagging},
      {"PutPublicAccessBlock", &S::put_setting},
      {"UploadPart", &S::upload_part},
      {"UploadPartCopy", &S::upload_part_copy},
  };
  return {models::s3::service, "S3", entries};
}

S3Service::S3Service(S3Dependencies d)
    : clock_(d.clock),
      ids_(d.ids),
      journal_(d.journal),
      bodies_(d.bodies),
      events_(d.events),
      store_(d.journal, d.bodies, d.ids),
      points_(d.journal, d.ids),
      background_(d.executor) {}

S3Service::~S3Service() = default;

bool S3Service::takes_stream(const models::Operation& operation) const {
  return operation.name == "PutObject" || operation.name == "UploadPart";
}

const ErrorShape* S3Service::violation_error() const { return &models::s3::errors::InvalidArgument; }

Task<Result<Reply>> S3Service::call(Call call) {
  if (const Result<> named = go_through_access_point(call); !named) co_return named.error();
  Result<Reply> reply = co_await TableService::call(std::move(call));
  if (bodies_.has_dropped()) collect_bodies();
  co_return reply;
}

void S3Service::restore() {
  store_.restore();
  points_.restore();
  if (bodies_.has_dropped()) collect_bodies();
}

void S3Service::reset() {
  store_.clear();
  points_.clear();
  collect_bodies();
}

Task<> S3Service::stop() {
  background_.cancel();
  co_await background_.join();
}

Json S3Service::counts() const {
  return {{"buckets", store_.all().size()}, {"objects", store_.object_count()}};
}

Result<Bucket*> S3Service::bucket_of(const Call& call) {
  return store_.require(text_of(call.input, "Bucket"));
}

Result<ObjectVersion*> S3Service::object_of(Bucket& bucket, const Json& input) {
  const std::string& key = text_of(input, "Key");
  const std::string& version_id = text_of(input, "VersionId");
  ObjectVersion* version = BucketStore::find_object(bucket, key, version_id);
  if (version == nullptr) return version_id.empty() ? no_such_key(key) : no_such_version(key, version_id);
  if (!version->delete_marker) return version;
  if (version_id.empty()) return no_such_key(key);
  return AwsError(models::s3::errors::MethodNotAllowed,
                  "The specified method is not allowed against this resource.");
}

Result<S3Service::Opened> S3Service::open(const std::string& bucket, std::string key, std::string version,
                                          std::uint64_t most_bytes) {
  Result<Bucket*> found = store_.require(bucket);
  if (!found) return found.error();
  const Json input{{"Key", std::move(key)}, {"VersionId", std::move(version)}};
  Result<ObjectVersion*> object = object_of(**found, input);
  if (!object) return object.error();
  const std::uint64_t size = (*object)->size;
  if (size > most_bytes)
    return AwsError(models::s3::errors::EntityTooLarge,
                    fmt::format("The object is larger than {} bytes.", most_bytes));
  return Opened{std::make_shared<StoredBytes>(bodies_, (*object)->segments, 0, size), size};
}

Task<Result<std::string>> S3Service::fetch(std::string bucket, std::string key, std::string version,
                                           std::uint64_t most_bytes) {
  const Result<Opened> opened = open(bucket, std::move(key), std::move(version), most_bytes);
  if (!opened) co_return opened.error();
  std::string bytes;
  bytes.reserve(opened->size);
  while (bytes.size() < opened->size) {
    auto taking = opened->bytes->next();
    const BodyPiece piece = co_await std::move(taking);
    if (piece.bytes.empty()) co_return disk_failure();
    bytes += piece.bytes;
  }
  co_return std::move(bytes);
}

void S3Service::tell(const Bucket& bucket, std::string_view event, std::string_view key,
                     const ObjectVersion& version, const Call& call) {
  const auto configuration = bucket.settings.find("notification");
  if (events_ == nullptr || configuration == bucket.settings.end()) return;
  for (Interested& each : interested_in(configuration->second, event, key)) {
    const EventFacts facts{.event = event,
                           .key = key,
                           .request_id = call.request_id,
                           .configuration_id = each.id,
                           .now = call.now};
    events_->deliver({.account = bucket.account,
                      .region = bucket.region,
                      .target = std::move(each.target),
                      .body = event_text(bucket, version, facts)});
  }
}

void S3Service::collect_bodies() {
  if (collecting_) return;
  collecting_ = true;
  background_.spawn("collection of objects", collect_when_settled());
}

Task<> S3Service::collect_when_settled() {
  const boost::asio::any_io_executor loop = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
  co_await journal_.settled();
  // What is dropped from here on asks for a collection of its own.
  collecting_ = false;
  co_await bodies_.collect();
}

}  // namespace aviary::s3
