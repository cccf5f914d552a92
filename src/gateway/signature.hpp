#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/message.hpp"

namespace aviary {

/// Access key id → secret access key. Requests are verified only when there is at least one.
using AccessKeys = std::map<std::string, std::string, std::less<>>;

/// From `id:secret` pairs; what has no colon is left out.
AccessKeys parse_access_keys(const std::vector<std::string>& pairs);

/// Verifies AWS Signature Version 4, in the `Authorization` header or a presigned query, and that the signed
/// payload hash is the body's. Errors are AWS's: `MissingAuthenticationToken`, `IncompleteSignature`,
/// `InvalidClientTokenId`, `SignatureDoesNotMatch` (also for a date more than 15 minutes off `now`), all 403,
/// and S3's `XAmzContentSHA256Mismatch` (400), as
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html words them.
///
/// Of a body that has not been read yet only what is said of it is verified; `signed_payload_hash` is what
/// remains to be compared.
Result<> verify_signature(const wire::Request& request, const AccessKeys& keys, Instant now);

/// The hexadecimal SHA-256 that the body is said to have (`x-amz-content-sha256`); empty if the body is not
/// signed, or in chunks that are.
std::string_view signed_payload_hash(const wire::Request& request);

/// Who signs, and for what.
struct Signer {
  std::string access_key_id;
  std::string secret;
  std::string session_token{};
  std::string region;
  std::string service;  ///< signing name
};
/// The headers that a request of ours gets: `X-Amz-Date`, `Authorization`, … All headers that it has are
/// signed; their names are in small letters, and `host` is one of them.
std::vector<std::pair<std::string, std::string>> signed_headers(const wire::Request& request,
                                                                const Signer& signer, Instant now);

}  // namespace aviary
