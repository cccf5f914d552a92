#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/table_service.hpp"
#include "ports/body_store.hpp"
#include "ports/clock.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "ports/task_group.hpp"
#include "services/s3/api/checksums.hpp"
#include "services/s3/core/access_points.hpp"
#include "services/s3/core/bucket_store.hpp"
#include "services/s3/core/neighbours.hpp"

namespace aviary::s3 {

/// Everything that the service takes from outside; all of it outlives the service.
struct S3Dependencies {
  Clock& clock;
  Random& ids;  ///< version and upload ids
  Journal& journal;
  BodyStore& bodies;
  boost::asio::any_io_executor executor;  ///< the loop
  EventTarget* events = nullptr;          ///< null: notifications go nowhere
};

/// A payload that is on disk.
struct Received {
  std::uint64_t size = 0;
  Digests digests;  ///< as promised
  BodyHandle body{};
};

/// Amazon S3 as the gateway sees it. Owns all state of the service; lives on the loop's thread.
class S3Service final : public TableService<S3Service> {
 public:
  explicit S3Service(S3Dependencies dependencies);
  ~S3Service() override;

  Task<Result<Reply>> call(Call call) override;
  static OperationTable<S3Service> operations();
  const ErrorShape* violation_error() const override;
  bool takes_stream(const models::Operation& operation) const override;

  void restore() override;
  void reset() override;
  Task<> stop() override;
  Json counts() const override;

  // For the rest of the emulator.
  struct Opened {
    std::shared_ptr<BodySource> bytes;
    std::uint64_t size;
  };
  /// The bytes of an object, for archives and templates: EntityTooLarge beyond what those may be. `version`
  /// may be empty. Errors: as GetObject's. Whoever reads it reads all of it, whatever becomes of the object
  /// meanwhile.
  Result<Opened> open(const std::string& bucket, std::string key, std::string version,
                      std::uint64_t most_bytes);
  /// The same at once.
  Task<Result<std::string>> fetch(std::string bucket, std::string key, std::string version,
                                  std::uint64_t most_bytes);
  /// What S3 Control tells of.
  BucketStore& buckets() { return store_; }
  AccessPoints& access_points() { return points_; }
  /// The access point that a request names instead of a bucket, by ARN, alias or `name-account`; null if it
  /// names a bucket, or none that is there.
  const AccessPoint* access_point(std::string_view bucket, const std::string& region);

 private:
  using Answer = Task<Result<Reply>>;

  // buckets.cpp
  Result<Reply> create_bucket(Call& call);
  Result<Reply> delete_bucket(Call& call);
  Result<Reply> head_bucket(Call& call);
  Result<Reply> list_buckets(Call& call);
  Result<Reply> get_bucket_location(Call& call);
  Result<Reply> get_bucket_versioning(Call& call);
  Result<Reply> put_bucket_versioning(Call& call);
  Result<Reply> get_bucket_acl(Call& call);
  // settings.cpp
  Result<Reply> put_setting(Call& call);
  Result<Reply> get_setting(Call& call);
  Result<Reply> delete_setting(Call& call);
  // receive.cpp
  /// Puts the payload on disk, and answers what is to be said of it: BadDigest, EntityTooLarge,
  /// IncompleteBody. What came behind it joins the call's input. `keeps_empty`: no bytes are a body, too.
  Task<Result<Received>> receive(Call& call, std::string algorithm, bool keeps_empty);
  Task<Result<std::uint64_t>> fill(Call& call, BodyWriter& writer);
  // put_object.cpp
  Answer put_object(Call call);
  // copy_object.cpp
  Result<Reply> copy_object(Call& call);
  Answer upload_part_copy(Call call);
  // get_object.cpp
  Answer get_object(Call call);
  Result<Reply> head_object(Call& call);
  Result<Reply> get_object_attributes(Call& call);
  // delete_object.cpp
  Result<Reply> delete_object(Call& call);
  Result<Reply> delete_objects(Call& call);
  // list_objects.cpp
  Result<Reply> list_objects(Call& call);
  Result<Reply> list_objects_v2(Call& call);
  Result<Reply> list_object_versions(Call& call);
  // multipart.cpp
  Result<Reply> create_multipart_upload(Call& call);
  Answer upload_part(Call call);
  Result<Reply> complete_multipart_upload(Call& call);
  Result<Reply> abort_multipart_upload(Call& call);
  // multipart_lists.cpp
  Result<Reply> list_parts(Call& call);
  Result<Reply> list_multipart_uploads(Call& call);
  // tagging.cpp
  Result<Reply> put_object_tagging(Call& call);
  Result<Reply> get_object_tagging(Call& call);
  Result<Reply> delete_object_tagging(Call& call);

  // through_access_points.cpp
  /// The bucket of that name, or behind the access point of that name.
  Result<Bucket*> reached(std::string_view bucket, const std::string& region);
  /// Puts the bucket's name where the call has an access point's.
  Result<> go_through_access_point(Call& call);

  Result<Bucket*> bucket_of(const Call& call);
  Result<Upload*> upload_of(Bucket& bucket, const Call& call);
  /// The version that Key and VersionId name; delete markers are none.
  Result<ObjectVersion*> object_of(Bucket& bucket, const Json& input);
  void tell(const Bucket& bucket, std::string_view event, std::string_view key, const ObjectVersion& version,
            const Call& call);
  /// Bytes that nobody holds any more go once the journal is settled.
  void collect_bodies();
  Task<> collect_when_settled();

  Clock& clock_;
  Random& ids_;
  Journal& journal_;
  BodyStore& bodies_;
  EventTarget* events_;
  BucketStore store_;
  AccessPoints points_;
  TaskGroup background_;
  bool collecting_ = false;
};

}  // namespace aviary::s3
