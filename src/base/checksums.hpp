#pragma once

#include <string>
#include <string_view>

/// Digests of bytes, raw and most significant byte first, as their base64 stands in `x-amz-checksum-…`.
namespace aviary {

std::string sha1(std::string_view bytes);       ///< 20 bytes
std::string crc32(std::string_view bytes);      ///< 4 bytes, as zip and Ethernet have it
std::string crc32c(std::string_view bytes);     ///< 4 bytes, Castagnoli's polynomial
std::string crc64nvme(std::string_view bytes);  ///< 8 bytes, the NVM Express polynomial

}  // namespace aviary
