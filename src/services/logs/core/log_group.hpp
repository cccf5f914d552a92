#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/logs/core/filter_pattern.hpp"
#include "services/logs/core/log_stream.hpp"
#include "services/logs/core/transformer.hpp"

namespace aviary::logs {

struct SubscriptionFilter {
  std::string name;
  std::string pattern_text;
  std::string destination_arn;
  std::string role_arn;
  std::string distribution = "ByLogStream";
  Millis created = 0;
  FilterPattern pattern{};      ///< `pattern_text`, read
  bool of_account = false;      ///< it is an account's policy, not a group's own
  bool on_transformed = false;  ///< looks at what the group's transformer made of an event
};

struct MetricTransformation {
  std::string name;
  std::string name_space;
  std::string value;  ///< a number, `$.selector` or `$column`
  std::optional<double> default_value;
  std::vector<std::pair<std::string, std::string>> dimensions;  ///< name → selector
  std::string unit;                                             ///< empty: None
};

struct MetricFilter {
  std::string name;
  std::string pattern_text;
  MetricTransformation transformation;
  Millis created = 0;
  FilterPattern pattern{};
  bool on_transformed = false;  ///< as of a `SubscriptionFilter`
  // The default value is reported once for a minute in which events came and none matched.
  Millis minute = -1;    ///< the minute that `matched` is about; -1: none yet
  bool matched = false;  ///< whether an event of that minute did
};

/// What makes other events of those that come in: the original stays as it is, filters may ask for the other.
struct GroupTransformer {
  Json config = Json::array();
  Millis created = 0;
  Millis modified = 0;
  Transformer transformer;
};

struct LogGroup {
  Scope scope;
  std::string name;
  Millis created = 0;
  int retention_days = 0;  ///< 0: events never expire
  std::string log_class = "STANDARD";
  std::string kms_key;
  bool deletion_protection = false;
  std::map<std::string, std::string> tags;
  std::vector<SubscriptionFilter> subscriptions;  ///< at most two
  std::vector<MetricFilter> metric_filters;       ///< by name
  std::optional<GroupTransformer> transformer;
  std::map<std::string, std::unique_ptr<LogStream>, std::less<>> streams;

  /// Events before this moment have expired.
  Millis cutoff(Millis now) const noexcept {
    return retention_days == 0 ? std::numeric_limits<Millis>::min() : now - retention_days * day;
  }
  std::uint64_t stored_bytes() const noexcept;
};

/// `arn:aws:logs:region:account:log-group:name`; streams and the group's `arn` have more behind it.
std::string group_arn(const Scope& scope, std::string_view name);

}  // namespace aviary::logs
