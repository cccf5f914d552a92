#include "ports/random.hpp"

#include <bit>
#include <string_view>

namespace aviary {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::uint64_t splitmix64(std::uint64_t& x) {
  std::uint64_t z = (x += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::string Random::uuid() {
  const std::uint64_t high = (next() & 0xffffffffffff0fffULL) | 0x4000ULL;
  const std::uint64_t low = (next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  std::string text(36, '-');
  std::size_t out = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) ++out;
    const std::uint64_t half = nibble < 16 ? high : low;
    text[out++] = hex_digits[half >> (60 - 4 * (nibble % 16)) & 15];
  }
  return text;
}

std::string Random::hex(std::size_t digits) {
  std::string text;
  text.reserve(digits);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = next();
    text += hex_digits[bits & 15];
    bits >>= 4;
  }
  return text;
}

SeededRandom::SeededRandom(std::uint64_t seed, std::string_view stream) {
  // FNV-1a tells names apart; mixing what it gives keeps streams of similar names from resembling each other.
  std::uint64_t name = 0xcbf29ce484222325ULL;
  for (const char c : stream) name = (name ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  std::uint64_t x = splitmix64(seed) ^ std::rotl(splitmix64(name), 32);
  for (std::uint64_t& word : state_) word = splitmix64(x);
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace aviary
