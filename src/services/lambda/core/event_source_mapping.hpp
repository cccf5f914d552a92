#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/event_pattern.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// A queue or a stream whose records run a function.
struct EventSourceMapping {
  std::string uuid;
  Scope scope;
  std::string function;   ///< name
  std::string qualifier;  ///< a version or an alias; empty: none was given
  std::string source;     ///< ARN
  bool enabled = true;
  Instant modified{};
  std::map<std::string, std::string> tags{};

  int batch_size = 10;
  int window = 0;  ///< seconds
  std::vector<std::string> filters{};
  bool reports_failures = false;             ///< `ReportBatchItemFailures`
  std::optional<int> maximum_concurrency{};  ///< of a queue's batches

  /// On the way from one state to the next: what is shown until the moment has come.
  std::string transition{};
  Instant settles{};

  bool is_queue() const;
  std::string arn() const;
  std::string function_arn() const;
  /// `Creating`, `Enabled`, …
  std::string state(Instant now) const;
  std::vector<EventPattern> patterns() const;
};

void to_json(Json& json, const EventSourceMapping& mapping);
void from_json(const Json& json, EventSourceMapping& mapping);

/// Whether a queue's record goes to the function. `record` is the event that it would get.
bool passes_filters(const std::vector<EventPattern>& patterns, const OrderedJson& record);

/// Which of a batch failed, as the function says with ReportBatchItemFailures. Nothing: its answer makes no
/// sense, and the whole batch counts as failed.
std::optional<std::vector<std::string>> failed_items(std::string_view answer,
                                                     const std::vector<std::string>& item_ids);

}  // namespace aviary::lambda
