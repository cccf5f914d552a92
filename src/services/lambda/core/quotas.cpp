#include "services/lambda/core/quotas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace aviary::lambda {
namespace {

struct NamedQuota {
  std::string_view name;
  std::uint64_t Quotas::*quota;
  std::uint64_t unit;
  std::uint64_t most;  ///< in units
};

// A larger request than Lambda's largest is not read: packages in requests can only be smaller.
constexpr std::array named_quotas{
    NamedQuota{"layers", &Quotas::layers, 1, 100},
    NamedQuota{"environment", &Quotas::environment_bytes, 1 << 10, 128},
    NamedQuota{"zipped", &Quotas::zipped_bytes, 1 << 20, 50},
    NamedQuota{"unzipped", &Quotas::unzipped_bytes, 1 << 20, 100'000},
    NamedQuota{"provider-versions", &Quotas::capacity_provider_versions, 1, 100'000}};

bool read_quota(std::string_view part, Quotas& quotas) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return false;
  const auto found = std::ranges::find(named_quotas, part.substr(0, equals), &NamedQuota::name);
  if (found == named_quotas.end()) return false;
  const std::string_view number = part.substr(equals + 1);
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (problem != std::errc{} || end != number.data() + number.size() || value == 0 || value > found->most)
    return false;
  quotas.*found->quota = value * found->unit;
  return true;
}

}  // namespace

std::optional<Quotas> parse_quotas(std::string_view text) {
  Quotas quotas;
  if (text == "aws") return quotas;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (!read_quota(text.substr(0, comma), quotas)) return std::nullopt;
    if (comma == std::string_view::npos) return quotas;
    text.remove_prefix(comma + 1);
  }
}

std::string quotas_text(const Quotas& quotas) {
  std::string text;
  for (const NamedQuota& one : named_quotas)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", one.name, quotas.*one.quota / one.unit);
  return text;
}

}  // namespace aviary::lambda
