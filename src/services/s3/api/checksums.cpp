#include "services/s3/api/checksums.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checksums.hpp"
#include "base/encoding.hpp"
#include "base/md5.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/core/errors.hpp"

namespace aviary::s3 {
namespace {

struct Algorithm {
  std::string_view name;  ///< as `x-amz-sdk-checksum-algorithm` says it
  const char* member;
  std::string (*digest)(std::string_view);
};
constexpr Algorithm algorithms[] = {{"CRC32", "ChecksumCRC32", &crc32},
                                    {"CRC32C", "ChecksumCRC32C", &crc32c},
                                    {"CRC64NVME", "ChecksumCRC64NVME", &crc64nvme},
                                    {"SHA1", "ChecksumSHA1", &sha1},
                                    {"SHA256", "ChecksumSHA256", &sha256}};

AwsError bad_digest(std::string_view what) {
  return {models::s3::errors::BadDigest,
          fmt::format("The {} you specified did not match the calculated checksum.", what)};
}

}  // namespace

Digests digests_of(std::string_view bytes, const Json& input, std::string_view algorithm) {
  Digests found;
  const std::string digest = md5(bytes);
  found.md5 = hex_encode(digest);
  if (const std::string& promised = text_of(input, "ContentMD5"); !promised.empty()) {
    const std::optional<std::string> raw = base64_decode(promised);
    if (!raw || raw->size() != digest.size()) {
      found.mismatch =
          AwsError(models::s3::errors::InvalidDigest, "The Content-MD5 you specified was invalid.");
    } else if (*raw != digest) {
      found.mismatch = AwsError(models::s3::errors::BadDigest,
                                "The Content-MD5 you specified did not match what we received.");
    }
  }
  for (const Algorithm& each : algorithms) {
    const std::string& promised = text_of(input, each.member);
    if (promised.empty() && each.name != algorithm) continue;
    std::string value = base64_encode(each.digest(bytes));
    if (!promised.empty() && promised != value && !found.mismatch) found.mismatch = bad_digest(each.name);
    found.checksums[each.member] = std::move(value);
  }
  return found;
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
  return fmt::format("{}-{}", base64_encode(known->digest(joined)), part_checksums.size());
}

}  // namespace aviary::s3
