#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aviary::lambda {

/// Why `text` is not one JSON document, worded as the parser behind AWS's Invoke words it (Jackson, its
/// position included); nothing if it is one. Never builds a document: one pass, no allocation but a bit a
/// level of nesting.
std::optional<std::string> json_problem(std::string_view text);

}  // namespace aviary::lambda
