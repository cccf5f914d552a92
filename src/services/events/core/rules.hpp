#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_pattern.hpp"
#include "base/result.hpp"
#include "base/schedule.hpp"
#include "ports/records.hpp"

namespace aviary::events {

/// Where buses and rules live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

inline constexpr std::string_view default_bus = "default";

struct Bus {
  std::string description{};
  std::string policy{};  ///< JSON; empty: none
  Instant created{};
  Instant modified{};
  std::map<std::string, std::string> tags{};
};

struct Rule {
  std::string name;
  std::string bus;
  std::string pattern{};   ///< as it was given; empty: none
  std::string schedule{};  ///< likewise
  bool enabled = true;
  std::string description{};
  std::string role{};
  Instant since{};  ///< what rates count from
  std::map<std::string, std::string> tags{};
  std::map<std::string, Json> targets{};  ///< by id, as PutTargets gave them

  std::optional<EventPattern> reads{};  ///< `pattern`, read
  std::optional<Schedule> runs{};       ///< `schedule`, read
  std::string arn(const Scope& scope) const;
};

std::string bus_arn(const Scope& scope, std::string_view name);

/// What a target gets of an event: all of it, a part, or what its template makes of it.
std::string target_input(const Json& target, const Json& event, const std::string& rule_arn,
                         const std::string& rule_name, Instant now);

AwsError validation(std::string text);  ///< 400 ValidationException
AwsError not_found(std::string text);   ///< 400 ResourceNotFoundException

/// All event buses and rules. Every scope has the bus `default`. Lives on the loop's thread.
class Rules {
 public:
  explicit Rules(Journal& journal);

  using ByName = std::map<std::string, Rule, std::less<>>;
  struct Home {
    std::map<std::string, Bus, std::less<>> buses;
    std::map<std::string, ByName, std::less<>> rules;  ///< by bus
  };

  Home& home(const Scope& scope);
  const std::map<Scope, Home>& all() const noexcept { return homes_; }
  /// The bus that a name, an ARN or nothing (the default one) names.
  Result<std::string> bus_of(const Scope& scope, const std::string& name_or_arn);
  Result<Rule*> find(const Scope& scope, const std::string& bus, const std::string& name);
  /// Adds or replaces; what it reads and when it runs is worked out.
  Rule& put(const Scope& scope, Rule rule);
  void save(const Scope& scope, const Rule& rule);
  void erase(const Scope& scope, const std::string& bus, const std::string& name);
  void save(const Scope& scope, const std::string& bus, const Bus& facts);
  void erase_bus(const Scope& scope, const std::string& bus);
  void restore();
  void clear() { homes_.clear(); }

 private:
  std::map<Scope, Home> homes_;
  Records<Json> rule_records_;
  Records<Json> bus_records_;
};

}  // namespace aviary::events
