#pragma once

#include <nlohmann/json.hpp>

namespace aviary {

/// A document: what an operation takes and gives. Keys are the member names of the service model.
using Json = nlohmann::json;

/// A document whose key order is part of what a reader sees (policies, event payloads).
using OrderedJson = nlohmann::ordered_json;

}  // namespace aviary
