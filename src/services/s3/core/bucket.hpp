#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "ports/body_store.hpp"

namespace aviary::s3 {

/// The version id of what was put while the bucket kept no versions.
inline constexpr std::string_view null_version = "null";

using Tags = std::map<std::string, std::string>;

/// One piece of an object's bytes. An upload in parts is its parts, never copied together.
struct Segment {
  BodyHandle body;
};

/// What a put says about an object beside its bytes.
struct Description {
  Json headers = Json::object();  ///< by the model's member names: `ContentType`, `CacheControl`, …
  std::map<std::string, std::string> metadata;  ///< `x-amz-meta-…`, names in lower case
  Tags tags;
  Json checksums = Json::object();  ///< `{"ChecksumCRC32": "…"}`
  std::string checksum_type;        ///< `FULL_OBJECT`, `COMPOSITE`, or empty
};

/// One version of an object, or the marker that says that it was deleted.
struct ObjectVersion {
  std::uint64_t serial = 0;  ///< order of putting, over all buckets; names it in records
  std::string version_id{null_version};
  Instant modified{};
  bool delete_marker = false;
  std::uint64_t size = 0;
  std::string etag;  ///< without quotes
  Description description;
  std::vector<Segment> segments;
};

struct Part {
  std::uint64_t size = 0;
  std::string etag;  ///< without quotes: the MD5, hexadecimal
  Instant modified{};
  Json checksums = Json::object();
  Segment segment;
};

/// An upload in parts that has begun.
struct Upload {
  std::string id;
  std::string key;
  Instant initiated{};
  Description description;
  std::string checksum_algorithm;
  std::map<int, Part> parts;
};

struct Bucket {
  std::string name;
  std::string account;
  std::string region;
  Instant created{};
  std::string versioning;                ///< empty, `Enabled` or `Suspended`
  std::map<std::string, Json> settings;  ///< as they were put, by what they are called: `cors`
  /// Versions in the order of putting; never an empty list.
  std::map<std::string, std::vector<ObjectVersion>, std::less<>> objects;
  std::map<std::string, Upload, std::less<>> uploads;
};

}  // namespace aviary::s3
