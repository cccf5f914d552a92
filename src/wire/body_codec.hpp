#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// How the body of a message carries a structure: the half of a protocol that does not know about HTTP.
class BodyCodec {
 public:
  virtual ~BodyCodec() = default;
  virtual std::string_view content_type() const = 0;
  /// Reads the members that travel in the body (all of them, if `whole`: where the structure is itself a
  /// payload). Unknown members are skipped, null ones left out; an empty body is an empty structure. No
  /// constraint is checked.
  virtual Result<Json> read(std::string_view body, const models::Shape& structure, bool whole) const = 0;
  /// Writes them, in the model's order; members that are absent, null or not modelled are left out.
  virtual std::string write(const Json& document, const models::Shape& structure, bool whole) const = 0;
};

const BodyCodec& json_body();
const BodyCodec& cbor_body();
/// AWS's older CBOR: timestamps are milliseconds.
const BodyCodec& aws_cbor_body();
/// Reads a form, writes XML: as the query protocol does it.
const BodyCodec& query_body();

}  // namespace aviary::wire
