#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Appends a structure as CBOR: a map with text keys in the model's order, all lengths definite; blobs as
/// byte strings, timestamps as doubles under tag 1, numbers of type double in 64 bits, of type float in 32.
void write_cbor(std::string& out, const Json& document, const models::Shape& structure, bool whole);
/// The same, as AWS's older CBOR has it: timestamps are whole milliseconds under tag 1.
void write_cbor_millis(std::string& out, const Json& document, const models::Shape& structure, bool whole);

/// The start of a map with so many entries, which the caller appends.
void append_cbor_map(std::string& out, std::uint64_t entries);
/// A text string. Bytes that are no UTF-8 become U+FFFD.
void append_cbor_text(std::string& out, std::string_view text);

}  // namespace aviary::wire
