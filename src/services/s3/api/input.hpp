#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "gateway/service.hpp"
#include "services/s3/core/bucket.hpp"

/// Reading a validated document, and what many answers have.
namespace aviary::s3 {

/// Null if the member is absent or null.
const Json* find_member(const Json& input, const char* name);
/// Empty if it is absent.
const std::string& text_of(const Json& input, const char* name);
bool flag_of(const Json& input, const char* name);
std::optional<std::int64_t> number_of(const Json& input, const char* name);

/// Headers, metadata, tags that a put or a copy gives.
Result<Description> description_of(const Json& input);
Result<Tags> tags_of(const Json& tag_set);

std::string etag_text(std::string_view etag);
/// An ETag as a condition gives it, without quotes.
std::string_view unquoted(std::string_view etag);
/// The 64 digits by which S3 names an account.
std::string canonical_id(std::string_view account);
Json owner_of(const Bucket& bucket);

/// If-Match, If-None-Match of a write; `current` may be null.
Result<> check_write_conditions(const Json& input, const ObjectVersion* current, std::string_view key);
/// Puts what describes an object into an answer.
void describe(const ObjectVersion& version, const Bucket& bucket, Json& output);

}  // namespace aviary::s3
