#pragma once

#include <string>

namespace aviary::cloudwatch {

/// A double as the service's texts show it, which is Java's way: `5.0`, `0.0666851903306472`, `1.0E10`.
std::string number_text(double value);

}  // namespace aviary::cloudwatch
