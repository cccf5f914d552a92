#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aviary {

std::string base64_encode(std::string_view bytes);
/// Standard alphabet, padding required as AWS requires it; white space is not skipped. Nothing if malformed.
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);

/// Decodes `%XX`. `+` stays a plus: paths keep it, only forms and query strings turn it into a space.
/// Nothing if a `%` is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);

/// SHA-256 as 32 raw bytes; `base64_encode` of it is Lambda's `CodeSha256`.
std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// Whether `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

}  // namespace aviary
