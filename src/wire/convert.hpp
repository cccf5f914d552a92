#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

/// From one value on the wire to one value of a document, by the shape that the model gives it.
///
/// In a document a blob is a string that holds the raw bytes, a timestamp is a double of seconds since the
/// epoch, and numbers are Json integers or doubles as their shape says. What cannot be converted is a
/// SerializationException in the words of AWS's deserialiser (seen at DynamoDB, Athena, SES and SQS).
namespace aviary::wire {

AwsError serialization_error(std::string text);

/// `a String`, `an Integer`: the target's name in those texts.
std::string_view java_type(models::ShapeType type);

Result<Json> from_boolean(const models::Shape& shape, bool value);
Result<Json> from_integer(const models::Shape& shape, std::int64_t value);
Result<Json> from_unsigned(const models::Shape& shape, std::uint64_t value);
Result<Json> from_double(const models::Shape& shape, double value);
/// A string in a body: only what JSON carries as strings. `format` is the member's, if it has one of its own.
Result<Json> from_string(const models::Shape& shape, std::string&& value);
/// Bytes in a body, where the format has them: a blob.
Result<Json> from_bytes(const models::Shape& shape, std::string&& value);

/// What a JSON structure, map or list that stands where a scalar is expected is refused with, and a scalar in
/// theirs.
AwsError unexpected_object();
AwsError unexpected_array();
AwsError unexpected_scalar(models::ShapeType type);

/// A label, a query parameter or a header: text that stands for any scalar.
Result<Json> from_text(const models::Shape& shape, std::string&& text);

/// The text itself if it is UTF-8; else with U+FFFD where it is not, as Java decodes.
std::string repaired_utf8(std::string text);

/// Seconds since the epoch, from ISO 8601, an HTTP date or a number in text.
std::optional<double> parse_timestamp(std::string_view text);

}  // namespace aviary::wire
