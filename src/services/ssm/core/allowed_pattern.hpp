#pragma once

#include <string_view>

namespace aviary::ssm {

enum class PatternVerdict { Matches, Differs, NoPattern };

/// Whether all of `value` matches a parameter's AllowedPattern. What would take too many steps differs.
PatternVerdict match_allowed_pattern(std::string_view pattern, std::string_view value);

}  // namespace aviary::ssm
