#pragma once

#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// Reads one XML document's root element as the structure: the counterpart of `write_xml`. The root's name is
/// not looked at, elements that the model does not know are skipped, namespaces ignored. No document type,
/// and no entity beyond XML's own five and characters by number, so that nothing expands.
Result<Json> read_xml(std::string_view body, const models::Shape& structure);

}  // namespace aviary::wire
