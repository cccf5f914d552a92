#pragma once

#include <cstdint>

/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
namespace aviary::s3 {

inline constexpr std::uint64_t largest_put = std::uint64_t{5} << 30;  ///< an object, a part, a copy in one go
inline constexpr std::uint64_t largest_object = std::uint64_t{5} << 40;
inline constexpr std::uint64_t smallest_part = 5 * 1024 * 1024;  ///< but for the last
inline constexpr std::int64_t most_parts = 10'000;

}  // namespace aviary::s3
