#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace aviary::s3 {

struct Range {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// `bytes=0-9`, `bytes=5-`, `bytes=-5` of an object of `size` bytes. Nothing if it is none that S3 heeds
/// (several ranges, another unit): then the whole object is meant. An error if it lies outside.
Result<std::optional<Range>> range_in(std::string_view text, std::uint64_t size);

}  // namespace aviary::s3
