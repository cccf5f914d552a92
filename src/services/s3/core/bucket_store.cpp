#include "services/s3/core/bucket_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ports/records.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/records.hpp"

namespace aviary::s3 {
namespace {

constexpr std::string_view bucket_records = "s3_buckets";
constexpr std::string_view object_records = "s3_objects";
constexpr std::string_view upload_records = "s3_uploads";

std::string serial_key(std::uint64_t serial) { return fmt::format("{:016x}", serial); }

}  // namespace

BucketStore::BucketStore(Journal& journal, BodyStore& bodies, Random& ids)
    : journal_(journal), bodies_(bodies), ids_(ids) {}

Bucket* BucketStore::find(std::string_view name) {
  const auto found = buckets_.find(name);
  return found != buckets_.end() ? &found->second : nullptr;
}

Result<Bucket*> BucketStore::require(std::string_view name) {
  Bucket* bucket = find(name);
  if (bucket == nullptr) return no_such_bucket(name);
  return bucket;
}

Bucket& BucketStore::add(Bucket bucket) {
  std::string name = bucket.name;
  Bucket& added = buckets_.insert_or_assign(std::move(name), std::move(bucket)).first->second;
  save(added);
  return added;
}

void BucketStore::erase(std::string_view name) {
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) return;
  Bucket& bucket = found->second;
  for (const auto& [key, versions] : bucket.objects)
    for (const ObjectVersion& version : versions) erase_record(version);
  while (!bucket.uploads.empty()) erase_upload(bucket, std::string(bucket.uploads.begin()->first));
  if (journal_.durable()) journal_.erase(bucket_records, name);
  buckets_.erase(found);
}

void BucketStore::save(const Bucket& bucket) {
  if (journal_.durable()) journal_.put(bucket_records, bucket.name, bucket_record(bucket).dump());
}

ObjectVersion* BucketStore::find_object(Bucket& bucket, std::string_view key, std::string_view version_id) {
  const auto found = bucket.objects.find(key);
  if (found == bucket.objects.end()) return nullptr;
  if (version_id.empty()) return &found->second.back();
  const auto version = std::ranges::find(found->second, version_id, &ObjectVersion::version_id);
  return version != found->second.end() ? &*version : nullptr;
}

/// Text that S3's own ids look like: 32 characters that a URL need not escape.
std::string BucketStore::new_version_id() {
  static constexpr std::string_view characters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  std::string id;
  while (id.size() < 32) {
    std::uint64_t chance = ids_.next();
    for (int i = 0; i < 8; ++i, chance >>= 6) id += characters[chance & 63];
  }
  return id;
}

void BucketStore::save_object(const Bucket& bucket, std::string_view key, const ObjectVersion& version) {
  if (!journal_.durable()) return;
  Json record = object_record(version);
  record["bucket"] = bucket.name;
  record["key"] = key;
  journal_.put(object_records, serial_key(version.serial),
               record.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void BucketStore::erase_record(const ObjectVersion& version) {
  if (journal_.durable()) journal_.erase(object_records, serial_key(version.serial));
}

const ObjectVersion& BucketStore::put_object(Bucket& bucket, std::string_view key, ObjectVersion version) {
  version.serial = ++last_serial_;
  version.version_id = bucket.versioning == "Enabled" ? new_version_id() : std::string(null_version);
  auto found = bucket.objects.find(key);
  if (found == bucket.objects.end()) found = bucket.objects.emplace(key, std::vector<ObjectVersion>{}).first;
  std::vector<ObjectVersion>& versions = found->second;
  if (version.version_id == null_version) {
    const auto replaced = std::ranges::find(versions, null_version, &ObjectVersion::version_id);
    if (replaced != versions.end()) {
      erase_record(*replaced);
      versions.erase(replaced);
    }
  }
  versions.push_back(std::move(version));
  save_object(bucket, key, versions.back());
  return versions.back();
}

BucketStore::Deleted BucketStore::delete_object(Bucket& bucket, std::string_view key,
                                                std::string_view version_id, Instant now) {
  const auto found = bucket.objects.find(key);
  if (version_id.empty() && !bucket.versioning.empty()) {
    ObjectVersion marker;
    marker.delete_marker = true;
    marker.modified = now;
    return {.delete_marker = true, .version_id = put_object(bucket, key, std::move(marker)).version_id};
  }
  Deleted deleted{.delete_marker = false, .version_id = std::string(version_id)};
  if (found == bucket.objects.end()) return deleted;
  std::vector<ObjectVersion>& versions = found->second;
  const auto version = version_id.empty()
                           ? versions.end() - 1
                           : std::ranges::find(versions, version_id, &ObjectVersion::version_id);
  if (version == versions.end()) return deleted;
  deleted.delete_marker = version->delete_marker;
  erase_record(*version);
  versions.erase(version);
  if (versions.empty()) bucket.objects.erase(found);
  return deleted;
}

Upload& BucketStore::add_upload(Bucket& bucket, Upload upload) {
  upload.id = ids_.hex(64);
  std::string id = upload.id;
  Upload& added = bucket.uploads.emplace(std::move(id), std::move(upload)).first->second;
  save_upload(bucket, added);
  return added;
}

void BucketStore::save_upload(const Bucket& bucket, const Upload& upload) {
  if (!journal_.durable()) return;
  Json record = upload_record(upload);
  record["bucket"] = bucket.name;
  journal_.put(upload_records, upload.id, record.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void BucketStore::erase_upload(Bucket& bucket, std::string_view id) {
  const auto found = bucket.uploads.find(id);
  if (found == bucket.uploads.end()) return;
  if (journal_.durable()) journal_.erase(upload_records, id);
  bucket.uploads.erase(found);
}

void BucketStore::restore() {
  journal_.load(bucket_records, [this](std::string_view name, std::string_view text) {
    buckets_.emplace(name, bucket_from(Json::parse(text)));
  });
  // In the order of putting, so that the newest comes last.
  journal_.load(object_records, [this](std::string_view, std::string_view text) {
    const Json record = Json::parse(text);
    ObjectVersion version = object_from(record, bodies_);
    last_serial_ = std::max(last_serial_, version.serial);
    if (Bucket* bucket = find(record.at("bucket").get_ref<const std::string&>()))
      bucket->objects[record.at("key").get<std::string>()].push_back(std::move(version));
  });
  journal_.load(upload_records, [this](std::string_view id, std::string_view text) {
    const Json record = Json::parse(text);
    if (Bucket* bucket = find(record.at("bucket").get_ref<const std::string&>()))
      bucket->uploads.emplace(id, upload_from(record, bodies_));
  });
  bodies_.sweep();
}

void BucketStore::clear() { buckets_.clear(); }

std::size_t BucketStore::object_count() const {
  std::size_t count = 0;
  for (const auto& [name, bucket] : buckets_) count += bucket.objects.size();
  return count;
}

bool is_bucket_name(std::string_view name) {
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.size() < 3 || name.size() > 63) return false;
  if (!letter_or_digit(name.front()) || !letter_or_digit(name.back())) return false;
  if (name.find("..") != std::string_view::npos || name.starts_with("xn--")) return false;
  if (!std::ranges::all_of(name, [&](char c) { return letter_or_digit(c) || c == '-' || c == '.'; }))
    return false;
  // Of names that AWS gives itself: access points' aliases, and the like.
  for (const std::string_view reserved : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"})
    if (name.ends_with(reserved)) return false;
  if (name.starts_with("sthree-")) return false;
  // Not what an IP address looks like.
  return std::ranges::count(name, '.') != 3 ||
         !std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace aviary::s3
