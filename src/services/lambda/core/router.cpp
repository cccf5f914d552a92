#include "services/lambda/core/router.hpp"

#include <array>
#include <cmath>
#include <utility>

namespace aviary::lambda {
namespace {

constexpr std::uint64_t whole = 1'000'000'000'000;

constexpr auto sticky_prefixes = std::to_array<std::pair<std::string_view, StickySource>>({
    {"sticky=header:", StickySource::Header},
    {"sticky=context:", StickySource::ClientContext},
    {"sticky=payload:", StickySource::Payload},
});

/// RFC 6901: `~` only as `~0` and `~1`.
bool is_json_pointer(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

}  // namespace

std::optional<RouterSettings> parse_router_settings(std::string_view text) {
  if (text == "random") return RouterSettings{.mode = RouterMode::Random};
  if (text == "exact") return RouterSettings{.mode = RouterMode::Exact};
  for (const auto& [prefix, source] : sticky_prefixes) {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
    const std::string_view key = text.substr(prefix.size());
    if (source != StickySource::Header && !is_json_pointer(key)) return std::nullopt;
    return RouterSettings{
        .mode = RouterMode::Sticky, .sticky_source = source, .sticky_key = std::string(key)};
  }
  return std::nullopt;
}

std::string to_string(const RouterSettings& settings) {
  if (settings.mode != RouterMode::Sticky) return std::string(to_string(settings.mode));
  for (const auto& [prefix, source] : sticky_prefixes) {
    if (source == settings.sticky_source) return std::string(prefix) + settings.sticky_key;
  }
  return {};
}

std::string_view to_string(RouterMode mode) {
  switch (mode) {
    case RouterMode::Random:
      return "random";
    case RouterMode::Exact:
      return "exact";
    case RouterMode::Sticky:
      return "sticky";
  }
  return "random";
}

double next_exact(const Routing& routing, RouterState& state) {
  const auto step =
      static_cast<std::uint64_t>(std::llround(routing.additional_weight * static_cast<double>(whole)));
  // The sum wraps once per whole share; it has just wrapped exactly when what is left is below one step.
  state.accumulated = (state.accumulated + step) % whole;
  if (state.accumulated < step) return 0;
  // Any number at or above the weight will do; this one is the sum itself, kept clear of the weight's own
  // rounding.
  const double number = static_cast<double>(state.accumulated) / static_cast<double>(whole);
  return number < routing.additional_weight ? routing.additional_weight : number;
}

double sticky_number(std::string_view key, std::string_view salt) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x100000001b3ULL;
    }
    hash ^= 0xff;  // a separator that no UTF-8 text has
    hash *= 0x100000001b3ULL;
  };
  mix(salt);
  mix(key);
  // FNV's high bits are weak on short keys; the finaliser spreads them.
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  hash ^= hash >> 31;
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

}  // namespace aviary::lambda
