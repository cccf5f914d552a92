#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aviary::cloudwatch {

/// A picture of three bytes (red, green, blue) a dot, line after line from the top.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> dots;
};

/// The picture as a PNG file.
std::string to_png(const Picture& picture);

}  // namespace aviary::cloudwatch
