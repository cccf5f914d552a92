#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Appends a structure's members as XML elements, in the model's order: lists as `<Name><member/></Name>` or
/// flattened, maps as `<entry><key/><value/></entry>`, blobs as base64, timestamps as ISO 8601 unless the
/// model says otherwise. The element around them, with members that are its attributes, is the caller's.
///
/// No document model in between: pugixml would hold every answer twice.
void write_xml(std::string& out, const Json& document, const models::Shape& structure, bool whole);

/// Appends text with what XML reserves escaped. What XML cannot carry (control characters, bytes that are no
/// UTF-8) becomes U+FFFD.
void append_xml_text(std::string& out, std::string_view text);

/// `<name>text</name>`
void append_xml_element(std::string& out, std::string_view name, std::string_view text);

}  // namespace aviary::wire
