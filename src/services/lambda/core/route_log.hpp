#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "services/lambda/core/router.hpp"

namespace aviary::lambda {

/// One decision of the router.
struct RouteDecision {
  Instant when;
  RouteSourceHandle source;
  double drawn = 0;
  bool additional = false;  ///< the additional version was picked
  bool forced = false;      ///< by the caller's header; not part of the statistics
};

/// The last decisions of the router, and how often each version of each alias was picked since the alias last
/// changed. Bounded: the ring holds `capacity` decisions of all aliases together, the counts one entry an
/// alias.
class RouteLog {
 public:
  explicit RouteLog(std::size_t capacity = 10'000);

  void record(RouteDecision decision);
  /// How often each version of an alias was picked while its traffic was split between `version` and another
  /// one, over all changes of the weights; empty: it never was. Not kept over a restart.
  std::map<std::string, std::uint64_t> picked(std::string_view alias_arn, std::string_view version) const;
  /// An alias that is gone keeps no count; its decisions stay until the ring has gone round.
  void forget(std::string_view alias_arn);
  void clear();

  /// What `GET /_aviary/routes` answers. `alias` is an ARN or its end (`payment:prod`); empty: all. `limit`
  /// decisions, newest first.
  ///
  /// `{"aliases": [{"alias", "revision_id", "mode", "routing": {"1": 0.9, "2": 0.1}, "invokes",
  ///    "versions": [{"version", "count", "share", "expected_share"}], "p_value", "plausible"}],
  ///   "decisions": [{"when", "alias", "revision_id", "routing", "drawn", "version", "forced"}]}`
  Json report(std::string_view alias, std::size_t limit = 100) const;

 private:
  /// Of one alias and the two versions between which it was split.
  struct Split {
    std::string version;
    std::string additional_version;
    std::uint64_t primary = 0;
    std::uint64_t additional = 0;
  };
  struct Tally {
    RouteSourceHandle source;
    std::uint64_t primary = 0;
    std::uint64_t additional = 0;
    std::size_t split = no_split;  ///< in `splits_` of the alias
  };
  static constexpr std::size_t no_split = static_cast<std::size_t>(-1);
  std::size_t split_of(const RouteSource& source);
  void forget_tally(std::string_view alias_arn);

  std::size_t capacity_;
  std::vector<RouteDecision> ring_;
  std::size_t next_ = 0;  ///< where the next decision goes, once the ring is full
  std::unordered_map<const RouteSource*, Tally> tallies_;
  std::map<std::string, std::vector<Split>, std::less<>> splits_;  ///< by alias, in the order they came
};

/// How likely a count at least as far from what was expected is by chance alone (two-sided): exact binomial
/// for up to 10,000 invokes, the chi-square approximation beyond. 1 where chance has no say (weights 0 and 1,
/// as expected).
double split_p_value(std::uint64_t count, std::uint64_t invokes, double weight);

}  // namespace aviary::lambda
