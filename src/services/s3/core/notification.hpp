#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/s3/core/bucket.hpp"

namespace aviary::s3 {

/// One destination of a bucket's notification configuration that wants an event.
struct Interested {
  std::string id;      ///< of the configuration
  std::string target;  ///< ARN
};

/// Those that want `event` (`ObjectCreated:Put`) about `key`.
std::vector<Interested> interested_in(const Json& configuration, std::string_view event,
                                      std::string_view key);

/// All ARNs that the configuration names.
std::vector<std::string> targets_of(const Json& configuration);

/// What they are sent: `{"Records":[…]}`.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
struct EventFacts {
  std::string_view event;
  std::string_view key;
  std::string_view request_id;
  std::string_view configuration_id;
  Instant now;
};
std::string event_text(const Bucket& bucket, const ObjectVersion& version, const EventFacts& facts);

}  // namespace aviary::s3
