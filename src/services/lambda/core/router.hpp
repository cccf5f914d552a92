#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace aviary::lambda {

/// Where an alias sends its traffic: one version, and at most one more with a share of its own.
struct Routing {
  std::string version;               ///< "1", "2", … or "$LATEST"
  std::string additional_version{};  ///< empty: none
  double additional_weight = 0;      ///< 0.0 to 1.0, of `additional_version`

  bool splits() const { return !additional_version.empty(); }
  bool operator==(const Routing&) const = default;
};

/// The split, whole: a pure function of the routing and one number from [0, 1).
inline const std::string& route(const Routing& routing, double drawn) {
  return routing.splits() && drawn < routing.additional_weight ? routing.additional_version : routing.version;
}

enum class RouterMode : std::uint8_t {
  Random,  ///< each invoke draws on its own
  Exact,   ///< error diffusion: in every window of invokes each version has had its share to within one
  Sticky,  ///< the number is a hash of something in the request: the same customer meets the same version
};
std::string_view to_string(RouterMode mode);

/// Where a sticky router finds the customer.
enum class StickySource : std::uint8_t { Header, ClientContext, Payload };

struct RouterSettings {
  RouterMode mode = RouterMode::Random;
  StickySource sticky_source = StickySource::Header;
  /// A header's name, or a JSON pointer (RFC 6901) into the client context or the payload.
  std::string sticky_key = "X-Customer-Id";

  bool operator==(const RouterSettings&) const = default;
};

/// `random`, `exact`, `sticky=header:NAME`, `sticky=context:POINTER` or `sticky=payload:POINTER`: the form of
/// the
/// `--routing` option. Nothing if it is none of these.
std::optional<RouterSettings> parse_router_settings(std::string_view text);
/// The same form.
std::string to_string(const RouterSettings& settings);

/// What the exact mode remembers between invokes: the accumulated share, in units of 10^-12, so that no
/// rounding error ever builds up and "10 of 100" stays exact for ever.
struct RouterState {
  std::uint64_t accumulated = 0;
};

/// The next number of the exact mode: a sequence in which each window of n numbers has n·w (to within one)
/// below w.
double next_exact(const Routing& routing, RouterState& state);

/// The number of the sticky mode: uniform over keys, equal for equal keys. `salt` keeps functions apart. A
/// customer who is below a weight stays below a larger one: growing a canary takes nobody out of it.
double sticky_number(std::string_view key, std::string_view salt);

/// What a decision in the route log says about its alias; shared by all decisions that were made under it.
struct RouteSource {
  std::string alias_arn;
  std::string revision_id;
  Routing routing;
  RouterMode mode;
};
using RouteSourceHandle = std::shared_ptr<const RouteSource>;

}  // namespace aviary::lambda
