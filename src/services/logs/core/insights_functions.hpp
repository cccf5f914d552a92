#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "services/logs/core/insights_query.hpp"

namespace aviary::logs::insights {

/// A function of the language applied to its arguments (`concat(a, b)`); nothing if there is none of that
/// name that takes so many.
std::optional<Expression> make_call(std::string_view name, std::vector<Expression> arguments,
                                    QueryMoment moment);

/// `bin(5m)` and its like; `unit` as written: `ms`, `s`, `m`, `h`, `d`, `w`, or in words. Nothing
/// if it is none.
enum class Rounding : std::uint8_t { Down, Up };
std::optional<Expression> make_time_step(Expression time, double count, std::string_view unit,
                                         Rounding rounding);

}  // namespace aviary::logs::insights
