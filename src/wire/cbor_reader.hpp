#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Reads CBOR (RFC 8949) straight into a document by its shape, as Smithy's RPC v2 uses it: a structure is a
/// map with text keys, a blob a byte string, a timestamp a number under tag 1. Definite and indefinite
/// lengths, and numbers of any width. Big numbers (tags 2 and 3) are refused; other tags are passed over.
///
/// Not nlohmann's reader: it recurses as deep as the bytes say, and streams no tags.
Result<Json> read_cbor(std::string_view body, const models::Shape& structure, bool whole);

}  // namespace aviary::wire
