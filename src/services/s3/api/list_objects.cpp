#include <algorithm>

#include "base/encoding.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/listing.hpp"

namespace aviary::s3 {
namespace {

/// Keys as the caller wants them: `encoding-type=url` keeps what XML cannot carry.
class KeyText {
 public:
  explicit KeyText(const Json& input) : encoded_(text_of(input, "EncodingType") == "url") {}
  std::string operator()(std::string_view key) const {
    if (!encoded_) return std::string(key);
    std::string out;
    while (true) {
      const std::size_t slash = key.find('/');
      out += percent_encode(key.substr(0, slash));
      if (slash == std::string_view::npos) return out;
      out += '/';
      key.remove_prefix(slash + 1);
    }
  }

 private:
  bool encoded_;
};

Result<Wanted> wanted_of(const Json& input) {
  Wanted wanted{.prefix = text_of(input, "Prefix"), .delimiter = text_of(input, "Delimiter"), .after = {}};
  const std::int64_t limit = number_of(input, "MaxKeys").value_or(1000);
  if (limit < 0)
    return invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys",
                            std::to_string(limit));
  wanted.limit = static_cast<std::size_t>(std::min<std::int64_t>(limit, 1000));
  return wanted;
}

void put_common(const Json& input, const Wanted& wanted, const Bucket& bucket, Json& output) {
  const KeyText text(input);
  output["Name"] = bucket.name;
  output["Prefix"] = text(wanted.prefix);
  output["MaxKeys"] = wanted.limit;
  if (!wanted.delimiter.empty()) output["Delimiter"] = text(wanted.delimiter);
  if (!text_of(input, "EncodingType").empty()) output["EncodingType"] = "url";
}

void put_page(const Json& input, const Page& page, const Bucket& bucket, bool with_owner, Json& output) {
  const KeyText text(input);
  output["IsTruncated"] = page.truncated;
  for (const Page::Entry& entry : page.entries) {
    const ObjectVersion& version = *entry.version;
    Json row{{"Key", text(entry.key)},
             {"LastModified", epoch_seconds(version.modified)},
             {"ETag", etag_text(version.etag)},
             {"Size", version.size},
             {"StorageClass", version.description.headers.value("StorageClass", "STANDARD")}};
    if (with_owner) row["Owner"] = owner_of(bucket);
    if (!version.description.checksum_type.empty()) row["ChecksumType"] = version.description.checksum_type;
    for (const auto& [name, value] : version.description.checksums.items())
      row["ChecksumAlgorithm"].push_back(name.substr(std::string_view("Checksum").size()));
    output["Contents"].push_back(std::move(row));
  }
  for (const std::string& prefix : page.prefixes)
    output["CommonPrefixes"].push_back({{"Prefix", text(prefix)}});
}

}  // namespace

Result<Reply> S3Service::list_objects(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Result<Wanted> wanted = wanted_of(call.input);
  if (!wanted) return wanted.error();
  wanted->after = text_of(call.input, "Marker");
  Page page = list_page(**bucket, *wanted);
  if (wanted->limit == 0) page.truncated = false;
  Reply reply;
  put_common(call.input, *wanted, **bucket, reply.output);
  const KeyText text(call.input);
  reply.output["Marker"] = text(wanted->after);
  put_page(call.input, page, **bucket, true, reply.output);
  // Only with a delimiter; else callers take the last key.
  if (page.truncated && !wanted->delimiter.empty()) reply.output["NextMarker"] = text(page.last);
  return reply;
}

Result<Reply> S3Service::list_objects_v2(Call& call) {
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Result<Wanted> wanted = wanted_of(call.input);
  if (!wanted) return wanted.error();
  const std::string& start_after = text_of(call.input, "StartAfter");
  const std::string& token = text_of(call.input, "ContinuationToken");
  wanted->after = start_after;
  if (find_member(call.input, "ContinuationToken") != nullptr) {
    const std::optional<std::string> after = base64_decode(token);
    if (!after || after->empty())
      return invalid_argument("The continuation token provided is incorrect", "continuation-token", token);
    wanted->after = *after;
  }
  Page page = list_page(**bucket, *wanted);
  if (wanted->limit == 0) page.truncated = false;
  Reply reply;
  put_common(call.input, *wanted, **bucket, reply.output);
  if (!start_after.empty()) reply.output["StartAfter"] = KeyText(call.input)(start_after);
  put_page(call.input, page, **bucket, flag_of(call.input, "FetchOwner"), reply.output);
  reply.output["KeyCount"] = page.entries.size() + page.prefixes.size();
  if (!token.empty()) reply.output["ContinuationToken"] = token;
  if (page.truncated) reply.output["NextContinuationToken"] = base64_encode(page.last);
  return reply;
}

Result<Reply> S3Service::list_object_versions(Call& call) {
  const Result<Bucket*> found = bucket_of(call);
  if (!found) return found.error();
  const Bucket& bucket = **found;
  const Result<Wanted> wanted = wanted_of(call.input);
  if (!wanted) return wanted.error();
  const std::string& key_marker = text_of(call.input, "KeyMarker");
  const std::string& version_marker = text_of(call.input, "VersionIdMarker");
  const KeyText text(call.input);
  Reply reply;
  put_common(call.input, *wanted, bucket, reply.output);
  reply.output["KeyMarker"] = text(key_marker);
  reply.output["VersionIdMarker"] = version_marker;
  reply.output["IsTruncated"] = false;
  std::string last_prefix;
  std::size_t count = 0;
  std::string last_key;
  std::string last_version;
  auto next = bucket.objects.lower_bound(std::max(key_marker, wanted->prefix));
  for (; next != bucket.objects.end() && next->first.starts_with(wanted->prefix); ++next) {
    const auto& [key, versions] = *next;
    const std::string_view common = common_prefix(key, wanted->prefix, wanted->delimiter);
    if (!common.empty() && (common == last_prefix || common == key_marker)) continue;
    // Behind the marker: of its own key only what is older than its version.
    bool skipping = key == key_marker;
    if (skipping && version_marker.empty()) continue;
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      if (skipping) {
        skipping = version->version_id != version_marker;
        continue;
      }
      if (count == wanted->limit) {
        reply.output["IsTruncated"] = wanted->limit != 0;
        reply.output["NextKeyMarker"] = text(last_key);
        if (!last_version.empty()) reply.output["NextVersionIdMarker"] = last_version;
        return reply;
      }
      ++count;
      if (!common.empty()) {
        last_prefix = last_key = common;
        last_version.clear();
        reply.output["CommonPrefixes"].push_back({{"Prefix", text(common)}});
        break;
      }
      last_key = key;
      last_version = version->version_id;
      Json row{{"Key", text(key)},
               {"VersionId", version->version_id},
               {"IsLatest", version == versions.rbegin()},
               {"LastModified", epoch_seconds(version->modified)},
               {"Owner", owner_of(bucket)}};
      if (!version->delete_marker) {
        row["ETag"] = etag_text(version->etag);
        row["Size"] = version->size;
        row["StorageClass"] = version->description.headers.value("StorageClass", "STANDARD");
      }
      reply.output[version->delete_marker ? "DeleteMarkers" : "Versions"].push_back(std::move(row));
    }
  }
  return reply;
}

}  // namespace aviary::s3
