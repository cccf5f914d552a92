#pragma once

#include <optional>
#include <string_view>

namespace aviary {

/// CloudWatch's StandardUnit, as a text that lives for ever; nothing if it is none.
std::optional<std::string_view> metric_unit(std::string_view text);

}  // namespace aviary
