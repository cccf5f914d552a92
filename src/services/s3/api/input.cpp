#include "services/s3/api/input.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "services/s3/core/errors.hpp"
#include "wire/query_string.hpp"

namespace aviary::s3 {
namespace {

/// What is kept of a put's headers and given back on each read.
constexpr const char* kept_headers[] = {"CacheControl",
                                        "ContentDisposition",
                                        "ContentEncoding",
                                        "ContentLanguage",
                                        "ContentType",
                                        "Expires",
                                        "WebsiteRedirectLocation",
                                        "ServerSideEncryption",
                                        "SSEKMSKeyId",
                                        "BucketKeyEnabled",
                                        "StorageClass",
                                        "ObjectLockMode",
                                        "ObjectLockRetainUntilDate",
                                        "ObjectLockLegalHoldStatus"};

/// `aws-chunked` was how the body travelled, not what it is.
std::string content_encoding(const std::string& sent) {
  std::string kept;
  std::string_view rest = sent;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (part.empty() || part == "aws-chunked") continue;
    if (!kept.empty()) kept += ',';
    kept += part;
  }
  return kept;
}

AwsError invalid_tag(std::string text) { return {models::s3::errors::InvalidTag, std::move(text)}; }

Result<> add_tag(Tags& tags, std::string key, std::string value) {
  if (key.empty() || key.size() > 128 * 4) return invalid_tag("The TagKey you have provided is invalid");
  if (value.size() > 256 * 4) return invalid_tag("The TagValue you have provided is invalid");
  if (!tags.emplace(std::move(key), std::move(value)).second)
    return invalid_tag("Cannot provide multiple Tags with the same key");
  return {};
}

}  // namespace

const Json* find_member(const Json& input, const char* name) {
  const auto found = input.find(name);
  return found != input.end() && !found->is_null() ? &*found : nullptr;
}

const std::string& text_of(const Json& input, const char* name) {
  static const std::string none;
  const Json* found = find_member(input, name);
  return found != nullptr && found->is_string() ? found->get_ref<const std::string&>() : none;
}

bool flag_of(const Json& input, const char* name) {
  const Json* found = find_member(input, name);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::optional<std::int64_t> number_of(const Json& input, const char* name) {
  const Json* found = find_member(input, name);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

Result<Tags> tags_of(const Json& tag_set) {
  Tags tags;
  for (const Json& tag : tag_set)
    if (Result<> added = add_tag(tags, text_of(tag, "Key"), text_of(tag, "Value")); !added)
      return added.error();
  return tags;
}

Result<Description> description_of(const Json& input) {
  Description description;
  for (const char* name : kept_headers)
    if (const Json* value = find_member(input, name)) description.headers[name] = *value;
  if (const std::string& sent = text_of(input, "ContentEncoding"); !sent.empty()) {
    std::string kept = content_encoding(sent);
    if (kept.empty()) {
      description.headers.erase("ContentEncoding");
    } else {
      description.headers["ContentEncoding"] = std::move(kept);
    }
  }
  if (!description.headers.contains("ContentType"))
    description.headers["ContentType"] = "binary/octet-stream";
  // What S3 does to every object since 2023.
  if (!description.headers.contains("ServerSideEncryption"))
    description.headers["ServerSideEncryption"] = "AES256";
  if (description.headers.value("StorageClass", "") == "STANDARD") description.headers.erase("StorageClass");
  if (const Json* metadata = find_member(input, "Metadata"))
    for (const auto& [name, value] : metadata->items()) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      description.metadata[std::move(lower)] = value.get<std::string>();
    }
  const std::string& tagging = text_of(input, "Tagging");
  for (auto& [key, value] : wire::parse_parameters(tagging))
    if (Result<> added = add_tag(description.tags, std::move(key), std::move(value)); !added)
      return added.error();
  if (description.tags.size() > 10)
    return AwsError(models::s3::errors::InvalidTag, "Object tags cannot be greater than 10");
  return description;
}

std::string etag_text(std::string_view etag) { return fmt::format("\"{}\"", etag); }

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"'))
    return etag.substr(1, etag.size() - 2);
  return etag;
}

std::string canonical_id(std::string_view account) { return hex_encode(sha256(account)); }

Json owner_of(const Bucket& bucket) { return {{"ID", canonical_id(bucket.account)}}; }

Result<> check_write_conditions(const Json& input, const ObjectVersion* current, std::string_view key) {
  const bool exists = current != nullptr && !current->delete_marker;
  if (const std::string& wanted = text_of(input, "IfMatch"); !wanted.empty()) {
    if (!exists) return no_such_key(key);
    if (wanted != "*" && unquoted(wanted) != current->etag) return precondition_failed("If-Match");
  }
  if (const std::string& unwanted = text_of(input, "IfNoneMatch"); !unwanted.empty())
    if (exists && (unwanted == "*" || unquoted(unwanted) == current->etag))
      return precondition_failed("If-None-Match");
  return {};
}

void describe(const ObjectVersion& version, const Bucket& bucket, Json& output) {
  for (const auto& [name, value] : version.description.headers.items()) output[name] = value;
  if (!version.description.metadata.empty()) output["Metadata"] = version.description.metadata;
  output["ETag"] = etag_text(version.etag);
  output["LastModified"] = epoch_seconds(version.modified);
  output["AcceptRanges"] = "bytes";
  if (!version.description.tags.empty()) output["TagCount"] = version.description.tags.size();
  if (!bucket.versioning.empty()) output["VersionId"] = version.version_id;
}

}  // namespace aviary::s3
