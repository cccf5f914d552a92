#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Appends a structure as JSON: members in the model's order, blobs as base64, timestamps in their format
/// (seconds since the epoch unless the model says otherwise).
void write_json(std::string& out, const Json& document, const models::Shape& structure, bool whole);

/// Appends a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// A timestamp as text: for headers, queries and bodies whose format is one of text.
std::string format_timestamp(double seconds, models::TimestampFormat format);

}  // namespace aviary::wire
