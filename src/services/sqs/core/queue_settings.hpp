#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "services/sqs/core/scope.hpp"

namespace aviary::sqs {

struct RedrivePolicy {
  std::string target;  ///< ARN of the dead-letter queue
  std::uint32_t max_receives = 10;
};

struct RedriveAllowPolicy {
  std::string permission = "allowAll";
  std::vector<std::string> sources;  ///< ARNs, with `byQueue`
  bool allows(std::string_view source_arn) const;
};

/// A queue's attributes that can be set. Kept as they were given, and read into numbers beside it.
struct QueueSettings {
  bool fifo = false;
  int visibility_timeout = 30;   ///< seconds
  int delay = 0;                 ///< seconds
  int retention = 345'600;       ///< seconds
  int maximum_size = 1'048'576;  ///< bytes
  int wait = 0;                  ///< seconds
  std::optional<RedrivePolicy> redrive{};
  RedriveAllowPolicy redrive_allow{};
  bool content_based_deduplication = false;
  bool deduplication_per_group = false;
  /// What was set, by name, in the words it was set with; without what an empty value took back.
  std::map<std::string, std::string> given{};
};

/// Applies what CreateQueue or SetQueueAttributes name. Nothing is changed when anything is refused. `id` is
/// the queue's; the dead-letter target's existence is not looked at here.
Result<QueueSettings> apply_attributes(QueueSettings settings, const QueueId& id,
                                       const std::map<std::string, std::string>& attributes, bool creating);
/// All attributes that a queue of these settings has, computed ones left out.
std::map<std::string, std::string> rendered(const QueueSettings& settings);
/// Whether GetQueueAttributes knows the name.
bool is_attribute_name(std::string_view name);

}  // namespace aviary::sqs
