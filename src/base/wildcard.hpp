#pragma once

#include <string_view>

namespace aviary {

/// As in policies: `*` stands for any number of characters, `?` for one.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace aviary
