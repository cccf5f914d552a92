#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/journal.hpp"
#include "ports/random.hpp"
#include "services/s3/core/bucket.hpp"

namespace aviary::s3 {

/// All buckets with their objects, and how they last. Names of buckets are the whole emulator's, as they are
/// the whole partition's at AWS. Pointers are good until the next change.
class BucketStore {
 public:
  BucketStore(Journal& journal, BodyStore& bodies, Random& ids);

  using Buckets = std::map<std::string, Bucket, std::less<>>;
  const Buckets& all() const noexcept { return buckets_; }
  Bucket* find(std::string_view name);
  Result<Bucket*> require(std::string_view name);
  Bucket& add(Bucket bucket);
  void erase(std::string_view name);
  /// After its settings or its versioning changed.
  void save(const Bucket& bucket);

  /// The newest version, or the one with that id; null if there is none. May be a delete marker.
  static ObjectVersion* find_object(Bucket& bucket, std::string_view key, std::string_view version_id);
  /// Puts a version as the bucket's versioning wants it, replacing what it replaces.
  const ObjectVersion& put_object(Bucket& bucket, std::string_view key, ObjectVersion version);
  void save_object(const Bucket& bucket, std::string_view key, const ObjectVersion& version);
  struct Deleted {
    bool delete_marker = false;  ///< one was made, or the version that went was one
    std::string version_id;      ///< of either; empty where the bucket never kept versions
  };
  Deleted delete_object(Bucket& bucket, std::string_view key, std::string_view version_id, Instant now);

  Upload& add_upload(Bucket& bucket, Upload upload);
  void save_upload(const Bucket& bucket, const Upload& upload);
  void erase_upload(Bucket& bucket, std::string_view id);

  void restore();
  void clear();
  std::size_t object_count() const;

 private:
  std::string new_version_id();
  void erase_record(const ObjectVersion& version);

  Journal& journal_;
  BodyStore& bodies_;
  Random& ids_;
  Buckets buckets_;
  std::uint64_t last_serial_ = 0;
};

/// Whether a bucket may be called so: 3 to 63 lower-case letters, digits, hyphens and dots.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool is_bucket_name(std::string_view name);

}  // namespace aviary::s3
