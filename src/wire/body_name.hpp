#pragma once

#include <string_view>

#include "models/model.hpp"

namespace aviary::wire {

/// What a member is called in a body of JSON or CBOR. Flattening is XML's and the query protocol's alone, and
/// so is the other name of a member that is flattened: SQS speaks both, `Attributes` here and `Attribute.1`
/// there.
inline std::string_view body_name(const models::Member& member) {
  const bool renamed = member.location == models::Location::Body && !member.location_name.empty() &&
                       !member.flattened && !member.shape->flattened;
  return renamed ? member.location_name : member.name;
}

}  // namespace aviary::wire
