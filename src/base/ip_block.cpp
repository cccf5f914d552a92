#include "base/ip_block.hpp"

#include <charconv>
#include <vector>

namespace aviary {
namespace {

std::optional<IpAddress> parse_ipv4(std::string_view text) {
  IpAddress address{.size = 4};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), address.bytes[i]);
    if (problem != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 3) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::optional<IpAddress> parse_ipv6(std::string_view text) {
  std::vector<std::uint16_t> before;
  std::vector<std::uint16_t> after;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    std::uint16_t group = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), group, 16);
    if (problem != std::errc()) return std::nullopt;
    (gap ? after : before).push_back(group);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != ':') return std::nullopt;
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    if (text.front() == ':') {
      if (gap) return std::nullopt;
      gap = true;
      text.remove_prefix(1);
    }
  }
  const std::size_t count = before.size() + after.size();
  if (count > 8 || (count == 8) == gap) return std::nullopt;
  before.resize(8 - after.size());
  before.insert(before.end(), after.begin(), after.end());
  IpAddress address{.size = 16};
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[2 * i] = static_cast<std::uint8_t>(before[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<std::uint8_t>(before[i] & 0xFF);
  }
  return address;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

std::optional<IpBlock> parse_ip_block(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpAddress> address = parse_ip_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!address || problem != std::errc() || end != digits.data() + digits.size() || bits > address->size * 8)
    return std::nullopt;
  return IpBlock{.address = *address, .bits = bits};
}

bool IpBlock::contains(const IpAddress& other) const {
  if (address.size != other.size) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace aviary
