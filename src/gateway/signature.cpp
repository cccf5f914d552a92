#include "gateway/signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "base/encoding.hpp"

namespace aviary {
namespace {

// The last names are those of the query protocol, in every such service's list of common errors.
constexpr ErrorShape missing_token{
    "MissingAuthenticationTokenException", 403, Fault::Sender, "message", false,
    "MissingAuthenticationToken"};
constexpr ErrorShape incomplete{"IncompleteSignatureException", 403, Fault::Sender, "message", false,
                                "IncompleteSignature"};
constexpr ErrorShape unknown_key{"UnrecognizedClientException", 403, Fault::Sender, "message", false,
                                 "InvalidClientTokenId"};
constexpr ErrorShape mismatch{"InvalidSignatureException", 403, Fault::Sender, "message", false,
                              "SignatureDoesNotMatch"};

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
constexpr ErrorShape s3_hash_mismatch{"XAmzContentSHA256Mismatch", 400, Fault::Sender, "message", false};
constexpr ErrorShape s3_invalid_request{"InvalidRequest", 400, Fault::Sender, "message", false};

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

struct Signature {
  std::string access_key_id, date, region, service;  // the credential scope
  std::string signed_headers, signature, timestamp;
  bool presigned = false;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> query_value(const wire::Request& request, std::string_view name) {
  for (const std::string_view pair : split(request.query(), '&')) {
    const std::size_t equals = pair.find('=');
    if (percent_decode(pair.substr(0, equals)) == name)
      return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

bool read_credential(std::string_view credential, Signature& into) {
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request") return false;
  into.access_key_id = parts[0];
  into.date = parts[1];
  into.region = parts[2];
  into.service = parts[3];
  return true;
}

Result<Signature> read_signature(const wire::Request& request) {
  Signature found;
  const std::string_view authorization = request.header("authorization");
  if (authorization.empty()) {
    const auto credential = query_value(request, "X-Amz-Credential");
    if (!credential) return AwsError(missing_token, "Missing Authentication Token");
    found.presigned = true;
    if (!read_credential(*credential, found))
      return AwsError(incomplete, "Credential must have exactly 5 slash-delimited elements.");
    found.signed_headers = query_value(request, "X-Amz-SignedHeaders").value_or("");
    found.signature = query_value(request, "X-Amz-Signature").value_or("");
    found.timestamp = query_value(request, "X-Amz-Date").value_or("");
    if (found.signature.empty() || found.signed_headers.empty() || found.timestamp.empty())
      return AwsError(incomplete,
                      "The presigned query lacks X-Amz-Signature, X-Amz-SignedHeaders or X-Amz-Date.");
    return found;
  }
  if (!authorization.starts_with(algorithm))
    return AwsError(incomplete, fmt::format("Unsupported AWS 'algorithm': '{}'",
                                            authorization.substr(0, authorization.find(' '))));
  for (std::string_view part : split(authorization.substr(algorithm.size()), ',')) {
    part = trim(part);
    if (part.starts_with("Credential=") && !read_credential(part.substr(11), found))
      return AwsError(incomplete, "Credential must have exactly 5 slash-delimited elements.");
    if (part.starts_with("SignedHeaders=")) found.signed_headers = part.substr(14);
    if (part.starts_with("Signature=")) found.signature = part.substr(10);
  }
  found.timestamp = request.header("x-amz-date");
  std::string lacking;
  if (found.access_key_id.empty()) lacking += "Authorization header requires 'Credential' parameter. ";
  if (found.signature.empty()) lacking += "Authorization header requires 'Signature' parameter. ";
  if (found.signed_headers.empty()) lacking += "Authorization header requires 'SignedHeaders' parameter. ";
  if (found.timestamp.empty())
    lacking += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (!lacking.empty()) return AwsError(incomplete, lacking + "Authorization=" + std::string(algorithm));
  return found;
}

/// `20260101T000000Z`.
std::optional<Instant> parse_amz_date(std::string_view text) {
  if (text.size() != 16) return std::nullopt;
  return parse_iso8601(fmt::format("{}-{}-{}T{}:{}:{}Z", text.substr(0, 4), text.substr(4, 2),
                                   text.substr(6, 2), text.substr(9, 2), text.substr(11, 2),
                                   text.substr(13, 2)));
}

std::string canonical_path(const wire::Request& request, bool encode_again) {
  std::string_view path = request.path();
  if (path.empty()) path = "/";
  if (!encode_again) return std::string(path);
  std::string encoded;
  for (const char c : path) encoded += c == '/' ? std::string("/") : percent_encode(std::string_view(&c, 1));
  return encoded;
}

std::string canonical_query(const wire::Request& request, bool presigned) {
  if (request.query().empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view pair : split(request.query(), '&')) {
    const std::size_t equals = pair.find('=');
    const std::string name = percent_decode(pair.substr(0, equals)).value_or("");
    const std::string value =
        equals == std::string_view::npos ? "" : percent_decode(pair.substr(equals + 1)).value_or("");
    if (presigned && name == "X-Amz-Signature") continue;
    pairs.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::ranges::sort(pairs);
  std::string text;
  for (const auto& [name, value] : pairs)
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  return text;
}

std::string canonical_headers(const wire::Request& request, std::string_view signed_headers) {
  std::string text;
  for (const std::string_view name : split(signed_headers, ';')) {
    std::string value;
    for (const char c : trim(request.header(name)))
      if (c != ' ' || value.empty() || value.back() != ' ') value += c;
    text += fmt::format("{}:{}\n", name, value);
  }
  return text;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

/// What is signed, and by what: the scope's names and the timestamp.
std::string signature_of(std::string_view canonical, const Signature& scope, const std::string& secret) {
  const std::string to_sign =
      fmt::format("{}\n{}\n{}/{}/{}/aws4_request\n{}", algorithm, scope.timestamp, scope.date, scope.region,
                  scope.service, hex_encode(sha256(canonical)));
  std::string signing_key = hmac_sha256("AWS4" + secret, scope.date);
  signing_key = hmac_sha256(signing_key, scope.region);
  signing_key = hmac_sha256(signing_key, scope.service);
  signing_key = hmac_sha256(signing_key, "aws4_request");
  return hex_encode(hmac_sha256(signing_key, to_sign));
}

}  // namespace

AccessKeys parse_access_keys(const std::vector<std::string>& pairs) {
  AccessKeys keys;
  for (const std::string& pair : pairs) {
    const std::size_t colon = pair.find(':');
    if (colon != std::string::npos) keys.emplace(pair.substr(0, colon), pair.substr(colon + 1));
  }
  return keys;
}

Result<> verify_signature(const wire::Request& request, const AccessKeys& keys, Instant now) {
  Result<Signature> read = read_signature(request);
  if (!read) return read.error();
  const Signature given = std::move(*read);
  const auto key = keys.find(given.access_key_id);
  if (key == keys.end())
    return AwsError(unknown_key, "The security token included in the request is invalid.");

  const std::optional<Instant> signed_at = parse_amz_date(given.timestamp);
  if (!signed_at)
    return AwsError(incomplete, "Date must be in ISO-8601 'basic format'. Got '" + given.timestamp + "'.");
  using namespace std::chrono_literals;
  if (!given.presigned) {
    if (*signed_at + 15min < now)
      return AwsError(mismatch,
                      fmt::format("Signature expired: {} is now earlier than the current time less 15 min.",
                                  given.timestamp));
    if (*signed_at > now + 15min)
      return AwsError(
          mismatch,
          fmt::format("Signature not yet current: {} is still later than the current time plus 15 min.",
                      given.timestamp));
  } else {
    const std::string lifetime = query_value(request, "X-Amz-Expires").value_or("");
    std::int64_t seconds = -1;
    std::from_chars(lifetime.data(), lifetime.data() + lifetime.size(), seconds);
    if (seconds < 0 || seconds > 604800)
      return AwsError(incomplete, "X-Amz-Expires must be between 0 and 604800 seconds.");
    if (*signed_at + std::chrono::seconds(seconds) < now) return AwsError(mismatch, "Request has expired");
  }

  const bool s3 = given.service == "s3";
  std::string payload_hash(request.header("x-amz-content-sha256"));
  if (payload_hash.empty()) {
    if (s3 && given.presigned) {
      payload_hash = "UNSIGNED-PAYLOAD";
    } else if (request.incoming != nullptr) {
      return AwsError(s3_invalid_request, "Missing required header for this request: x-amz-content-sha256");
    } else {
      payload_hash = hex_encode(sha256(request.body));
    }
  } else if (const std::string_view promised = signed_payload_hash(request);
             !promised.empty() && request.incoming == nullptr &&
             promised != hex_encode(sha256(request.body))) {
    return AwsError(s3 ? s3_hash_mismatch : mismatch,
                    "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request, !s3),
                  canonical_query(request, given.presigned), canonical_headers(request, given.signed_headers),
                  given.signed_headers, payload_hash);
  if (!equal_in_constant_time(signature_of(canonical, given, key->second), given.signature))
    return AwsError(
        mismatch,
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.");
  return {};
}

std::string_view signed_payload_hash(const wire::Request& request) {
  const std::string_view said = request.header("x-amz-content-sha256");
  return said == "UNSIGNED-PAYLOAD" || said.starts_with("STREAMING-") ? std::string_view{} : said;
}

std::vector<std::pair<std::string, std::string>> signed_headers(const wire::Request& request,
                                                                const Signer& signer, Instant now) {
  Signature scope;
  std::string text = iso8601(now, 0);  // 2024-01-15T10:30:00Z
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  scope.timestamp = text;
  scope.date = text.substr(0, 8);
  scope.region = signer.region;
  scope.service = signer.service;
  wire::Request dated{
      .method = request.method, .target = request.target, .headers = request.headers, .body = {}};
  dated.headers.emplace_back("x-amz-date", scope.timestamp);
  if (!signer.session_token.empty()) dated.headers.emplace_back("x-amz-security-token", signer.session_token);
  std::vector<std::string> names;
  for (const auto& [name, value] : dated.headers) names.emplace_back(name);
  std::ranges::sort(names);
  for (const std::string& name : names)
    scope.signed_headers += (scope.signed_headers.empty() ? "" : ";") + name;
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(dated, signer.service != "s3"),
                  canonical_query(dated, false), canonical_headers(dated, scope.signed_headers),
                  scope.signed_headers, hex_encode(sha256(request.body)));
  std::vector<std::pair<std::string, std::string>> headers{{"X-Amz-Date", scope.timestamp}};
  if (!signer.session_token.empty()) headers.emplace_back("X-Amz-Security-Token", signer.session_token);
  headers.emplace_back("Authorization",
                       fmt::format("{} Credential={}/{}/{}/{}/aws4_request, SignedHeaders={}, Signature={}",
                                   algorithm, signer.access_key_id, scope.date, scope.region, scope.service,
                                   scope.signed_headers, signature_of(canonical, scope, signer.secret)));
  return headers;
}

}  // namespace aviary
