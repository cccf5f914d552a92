#include "services/lambda/core/route_log.hpp"

#include <algorithm>
#include <cmath>

namespace aviary::lambda {
namespace {

/// Rarer than this by chance: something other than chance is at work.
constexpr double implausible = 0.001;
/// Pairs of versions that one alias was ever split between; the next ones are not counted.
constexpr std::size_t most_splits = 1000;

bool names(std::string_view alias, const RouteSource& source) {
  if (alias.empty() || source.alias_arn == alias) return true;
  return source.alias_arn.size() > alias.size() && source.alias_arn.ends_with(alias) &&
         source.alias_arn[source.alias_arn.size() - alias.size() - 1] == ':';
}

Json routing_json(const Routing& routing) {
  Json json = Json::object();
  json[routing.version] = 1.0 - routing.additional_weight;
  if (routing.splits()) json[routing.additional_version] = routing.additional_weight;
  return json;
}

double log_binomial(double n, double k, double w) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(w) +
         (n - k) * std::log1p(-w);
}

}  // namespace

double split_p_value(std::uint64_t count, std::uint64_t invokes, double weight) {
  if (invokes == 0) return 1;
  if (weight <= 0) return count == 0 ? 1 : 0;
  if (weight >= 1) return count == invokes ? 1 : 0;
  const auto n = static_cast<double>(invokes);
  const auto k = static_cast<double>(count);
  if (invokes > 10'000) {
    const double distance = std::abs(k - n * weight) / std::sqrt(n * weight * (1 - weight));
    return std::erfc(distance / std::sqrt(2.0));
  }
  // The sum of all outcomes that are no likelier than the one seen; a little slack for rounding.
  const double seen = log_binomial(n, k, weight) + 1e-7;
  double sum = 0;
  for (std::uint64_t other = 0; other <= invokes; ++other) {
    const double likelihood = log_binomial(n, static_cast<double>(other), weight);
    if (likelihood <= seen) sum += std::exp(likelihood);
  }
  return std::min(1.0, sum);
}

RouteLog::RouteLog(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity)) {}

void RouteLog::record(RouteDecision decision) {
  if (!decision.forced) {
    auto found = tallies_.find(decision.source.get());
    if (found == tallies_.end()) {
      // The alias is new or has changed: counts under other weights say nothing about these.
      forget_tally(decision.source->alias_arn);
      found = tallies_.emplace(decision.source.get(), Tally{.source = decision.source}).first;
      found->second.split = split_of(*decision.source);
    }
    Tally& tally = found->second;
    ++(decision.additional ? tally.additional : tally.primary);
    if (tally.split != no_split) {
      Split& split = splits_.find(tally.source->alias_arn)->second[tally.split];
      ++(decision.additional ? split.additional : split.primary);
    }
  }
  if (ring_.size() < capacity_) {
    ring_.push_back(std::move(decision));
    return;
  }
  ring_[next_] = std::move(decision);
  next_ = (next_ + 1) % capacity_;
}

std::size_t RouteLog::split_of(const RouteSource& source) {
  if (!source.routing.splits()) return no_split;
  std::vector<Split>& splits = splits_[source.alias_arn];
  const auto same = std::ranges::find_if(splits, [&](const Split& split) {
    return split.version == source.routing.version &&
           split.additional_version == source.routing.additional_version;
  });
  if (same != splits.end()) return static_cast<std::size_t>(same - splits.begin());
  if (splits.size() >= most_splits) return no_split;
  splits.push_back(
      {.version = source.routing.version, .additional_version = source.routing.additional_version});
  return splits.size() - 1;
}

std::map<std::string, std::uint64_t> RouteLog::picked(std::string_view alias_arn,
                                                      std::string_view version) const {
  std::map<std::string, std::uint64_t> counts;
  const auto found = splits_.find(alias_arn);
  if (found == splits_.end()) return counts;
  for (const Split& split : found->second) {
    if (split.version != version && split.additional_version != version) continue;
    counts[split.version] += split.primary;
    counts[split.additional_version] += split.additional;
  }
  return counts;
}

void RouteLog::forget(std::string_view alias_arn) {
  forget_tally(alias_arn);
  if (const auto found = splits_.find(alias_arn); found != splits_.end()) splits_.erase(found);
}

void RouteLog::forget_tally(std::string_view alias_arn) {
  std::erase_if(tallies_, [&](const auto& entry) { return entry.second.source->alias_arn == alias_arn; });
}

void RouteLog::clear() {
  ring_.clear();
  next_ = 0;
  tallies_.clear();
  splits_.clear();
}

Json RouteLog::report(std::string_view alias, std::size_t limit) const {
  std::vector<const Tally*> wanted;
  for (const auto& [key, tally] : tallies_) {
    if (names(alias, *tally.source)) wanted.push_back(&tally);
  }
  std::ranges::sort(wanted, {}, [](const Tally* tally) { return tally->source->alias_arn; });

  Json aliases = Json::array();
  for (const Tally* tally : wanted) {
    const RouteSource& source = *tally->source;
    const Routing& routing = source.routing;
    const std::uint64_t invokes = tally->primary + tally->additional;
    const auto line = [&](const std::string& version, std::uint64_t count, double expected) {
      return Json{{"version", version},
                  {"count", count},
                  {"share", invokes == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(invokes)},
                  {"expected_share", expected}};
    };
    Json versions = Json::array({line(routing.version, tally->primary, 1.0 - routing.additional_weight)});
    if (routing.splits()) {
      versions.push_back(line(routing.additional_version, tally->additional, routing.additional_weight));
    }
    const double p = split_p_value(tally->additional, invokes, routing.additional_weight);
    aliases.push_back(Json{{"alias", source.alias_arn},
                           {"revision_id", source.revision_id},
                           {"mode", to_string(source.mode)},
                           {"routing", routing_json(routing)},
                           {"invokes", invokes},
                           {"versions", std::move(versions)},
                           {"p_value", p},
                           {"plausible", p >= implausible}});
  }

  Json decisions = Json::array();
  for (std::size_t back = 0; back < ring_.size() && decisions.size() < limit; ++back) {
    const RouteDecision& decision = ring_[(next_ + ring_.size() - 1 - back) % ring_.size()];
    if (!names(alias, *decision.source)) continue;
    const Routing& routing = decision.source->routing;
    decisions.push_back(Json{{"when", iso8601(decision.when, 6)},
                             {"alias", decision.source->alias_arn},
                             {"revision_id", decision.source->revision_id},
                             {"routing", routing_json(routing)},
                             {"drawn", decision.drawn},
                             {"version", decision.additional ? routing.additional_version : routing.version},
                             {"forced", decision.forced}});
  }
  return Json{{"aliases", std::move(aliases)}, {"decisions", std::move(decisions)}};
}

}  // namespace aviary::lambda
