#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::s3 {

/// What was found of a body's bytes.
struct Digests {
  std::string md5;                   ///< hexadecimal: the ETag
  Json checksums = Json::object();   ///< `{"ChecksumCRC32": "<base64>"}`
  std::optional<AwsError> mismatch;  ///< what was promised of them is not so
};

/// Digests of `bytes`, compared with what `input` promises (Content-MD5, `x-amz-checksum-…`). `algorithm`
/// (`CRC32`) is computed as well if it is promised nowhere; empty: none. Blocking work for large bodies.
Digests digests_of(std::string_view bytes, const Json& input, std::string_view algorithm);

/// Takes the members that carry checksums out of a document: `{"ChecksumCRC32": …}`.
Json checksums_in(const Json& input);

/// The composite of the checksums of parts, `<base64>-<count>`; nothing unless all parts have the
/// algorithm's.
std::optional<std::string> composite_checksum(std::string_view algorithm, const Json& part_checksums);

}  // namespace aviary::s3
