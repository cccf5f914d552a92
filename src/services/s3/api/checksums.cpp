#include "services/s3/api/checksums.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/core/errors.hpp"
#include "wire/message.hpp"

namespace aviary::s3 {
namespace {

struct Algorithm {
  std::string_view name;  ///< as `x-amz-sdk-checksum-algorithm` says it
  const char* member;
  std::string_view header;
  DigestKind kind;
};
constexpr Algorithm algorithms[] = {
    {"CRC32", "ChecksumCRC32", "x-amz-checksum-crc32", DigestKind::Crc32},
    {"CRC32C", "ChecksumCRC32C", "x-amz-checksum-crc32c", DigestKind::Crc32c},
    {"CRC64NVME", "ChecksumCRC64NVME", "x-amz-checksum-crc64nvme", DigestKind::Crc64Nvme},
    {"SHA1", "ChecksumSHA1", "x-amz-checksum-sha1", DigestKind::Sha1},
    {"SHA256", "ChecksumSHA256", "x-amz-checksum-sha256", DigestKind::Sha256}};

AwsError bad_digest(std::string_view what) {
  return {models::s3::errors::BadDigest,
          fmt::format("The {} you specified did not match the calculated checksum.", what)};
}

/// `x-amz-checksum-crc32, x-amz-checksum-sha256`
bool names_header(std::string_view list, std::string_view header) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view name = list.substr(0, comma);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (wire::equals_ignoring_case(name, header)) return true;
  }
  return false;
}

std::optional<AwsError> wrong_md5(const std::string& promised, const std::string& digest) {
  if (promised.empty()) return std::nullopt;
  const std::optional<std::string> raw = base64_decode(promised);
  if (!raw || raw->size() != digest.size())
    return AwsError(models::s3::errors::InvalidDigest, "The Content-MD5 you specified was invalid.");
  if (*raw != digest)
    return AwsError(models::s3::errors::BadDigest,
                    "The Content-MD5 you specified did not match what we received.");
  return std::nullopt;
}

}  // namespace

BodyDigests::BodyDigests(const Json& input, std::string_view algorithm, std::string_view announced,
                         std::string_view sha256)
    : payload_sha256_(sha256) {
  for (const Algorithm& each : algorithms)
    if (each.name == algorithm || !text_of(input, each.member).empty() ||
        names_header(announced, each.header))
      checksums_.push_back({each.member, RunningDigest(each.kind)});
  if (!sha256.empty()) payload_.emplace(DigestKind::Sha256);
}

void BodyDigests::add(std::string_view bytes) {
  md5_.add(bytes);
  for (Checksum& each : checksums_) each.digest.add(bytes);
  if (payload_) payload_->add(bytes);
}

Digests BodyDigests::finish(const Json& input) {
  Digests found;
  const std::string digest = md5_.finish();
  found.md5 = hex_encode(digest);
  if (payload_) {
    std::string computed = hex_encode(payload_->finish());
    if (computed != payload_sha256_) {
      found.mismatch =
          AwsError(models::s3::errors::XAmzContentSHA256Mismatch,
                   "The provided 'x-amz-content-sha256' header does not match what was computed.");
      found.mismatch->members = {{"ClientComputedContentSHA256", payload_sha256_},
                                 {"S3ComputedContentSHA256", std::move(computed)}};
    }
  }
  if (!found.mismatch) found.mismatch = wrong_md5(text_of(input, "ContentMD5"), digest);
  for (Checksum& each : checksums_) found.checksums[each.member] = base64_encode(each.digest.finish());
  for (const Algorithm& each : algorithms) {
    const std::string& promised = text_of(input, each.member);
    if (found.mismatch || promised.empty()) continue;
    if (!found.checksums.contains(each.member)) {
      // It came behind the body unannounced, so that nobody counted on it.
      found.mismatch = AwsError(models::s3::errors::MalformedTrailerError,
                                "The request contained trailing data that was not well-formed or did not "
                                "conform to our published schema.");
    } else if (found.checksums.at(each.member) != promised) {
      found.mismatch = bad_digest(each.name);
    }
  }
  return found;
}

void add_trailing_checksums(const Trailers& trailers, Json& input) {
  for (const auto& [name, value] : trailers)
    for (const Algorithm& each : algorithms)
      if (name == each.header) input[each.member] = value;
}

Json checksums_in(const Json& input) {
  Json found = Json::object();
  for (const Algorithm& each : algorithms)
    if (const std::string& value = text_of(input, each.member); !value.empty()) found[each.member] = value;
  return found;
}

std::optional<std::string> composite_checksum(std::string_view algorithm, const Json& part_checksums) {
  const auto known = std::ranges::find(algorithms, algorithm, &Algorithm::name);
  if (known == std::end(algorithms) || part_checksums.empty()) return std::nullopt;
  std::string joined;
  for (const Json& each : part_checksums) {
    const std::optional<std::string> raw = base64_decode(text_of(each, known->member));
    if (!raw || raw->empty()) return std::nullopt;
    joined += *raw;
  }
  RunningDigest digest(known->kind);
  digest.add(joined);
  return fmt::format("{}-{}", base64_encode(digest.finish()), part_checksums.size());
}

}  // namespace aviary::s3
