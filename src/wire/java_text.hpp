#pragma once

#include <string>

#include "base/json.hpp"
#include "models/model.hpp"

namespace aviary::wire {

/// As Java's `Double.toString` prints it: `2.0`, `0.05`, `1.0E10`. AWS's error texts show numbers so.
std::string java_double(double value);

/// A value as AWS prints it inside an error text: `abc`, `[a, b]`, `{2=2.0}`.
std::string java_text(const models::Shape& shape, const Json& value);

}  // namespace aviary::wire
