#pragma once

#include <optional>
#include <string_view>

namespace aviary::wire {

/// Whether all of `text` matches the model's pattern. A text on which the search would take too long (bounded
/// steps, never time) does not match. Bytes that are no UTF-8 match nothing but themselves.
///
/// `pattern` is static data of a model: it is compiled on first use and kept by its thread. Throws on a
/// pattern that does not compile, which is a bug of the model or its overlay.
bool matches_pattern(std::string_view pattern, std::string_view text);
/// The same for a pattern that a caller wrote: compiled each time. Nothing if it does not compile.
std::optional<bool> matches_foreign_pattern(std::string_view pattern, std::string_view text);

}  // namespace aviary::wire
