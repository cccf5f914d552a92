#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/running_digest.hpp"
#include "ports/body_source.hpp"

namespace aviary::s3 {

/// What was found of a body's bytes.
struct Digests {
  std::string md5;                   ///< hexadecimal: the ETag
  Json checksums = Json::object();   ///< `{"ChecksumCRC32": "<base64>"}`
  std::optional<AwsError> mismatch;  ///< what was promised of them is not so
};

/// Digests a body that comes in pieces. One thread at a time.
class BodyDigests {
 public:
  /// Computes the checksums that `input` promises, those whose headers `announced` (`x-amz-trailer`) names as
  /// coming behind the body, and `algorithm` (`CRC32`; empty: none). `sha256` is what the payload's own
  /// digest has to be, in hexadecimal; empty: anything.
  BodyDigests(const Json& input, std::string_view algorithm, std::string_view announced,
              std::string_view sha256);
  void add(std::string_view bytes);
  /// What was found, compared with what `input` promises (Content-MD5, `x-amz-checksum-…`); members that came
  /// behind the body are in it by now. Once.
  Digests finish(const Json& input);

 private:
  struct Checksum {
    const char* member;
    RunningDigest digest;
  };
  RunningDigest md5_{DigestKind::Md5};
  std::vector<Checksum> checksums_;
  std::optional<RunningDigest> payload_;
  std::string payload_sha256_;
};

/// Puts the checksums that came behind a body where those before it are.
void add_trailing_checksums(const Trailers& trailers, Json& input);

/// Takes the members that carry checksums out of a document: `{"ChecksumCRC32": …}`.
Json checksums_in(const Json& input);

/// The composite of the checksums of parts, `<base64>-<count>`; nothing unless all parts have the
/// algorithm's.
std::optional<std::string> composite_checksum(std::string_view algorithm, const Json& part_checksums);

}  // namespace aviary::s3
