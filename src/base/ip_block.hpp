#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aviary {

/// An address of IPv4 or IPv6, the most significant byte first.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  ///< 4 or 16
};

/// `192.0.2.0/24`, `2001:db8::/32`: what agrees with the address in the first bits.
struct IpBlock {
  IpAddress address;
  unsigned bits = 0;

  bool contains(const IpAddress& other) const;
};

/// Numbers only: no host's name, no scope.
std::optional<IpAddress> parse_ip_address(std::string_view text);
std::optional<IpBlock> parse_ip_block(std::string_view text);

}  // namespace aviary
