#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/event_pattern.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aviary::sns {

/// Where topics live: state is apart per account and region.
struct Scope {
  std::string account;
  std::string region;
  auto operator<=>(const Scope&) const = default;
};

struct Subscription {
  std::string arn;
  std::string topic;  ///< ARN
  std::string owner;  ///< account
  std::string protocol;
  std::string endpoint;
  bool confirmed = true;
  bool authenticated = true;  ///< `ConfirmationWasAuthenticated`
  std::string token;          ///< what confirms it
  /// As they were set: RawMessageDelivery, FilterPolicy, FilterPolicyScope, RedrivePolicy, DeliveryPolicy, …
  std::map<std::string, std::string> attributes{};
  std::optional<EventPattern> filter{};  ///< `FilterPolicy`, read

  bool raw() const;
  bool filters_body() const;
  /// ARN of the dead-letter queue; empty without one.
  std::string dead_letter_target() const;
};

struct Topic {
  Scope scope;
  std::string name;
  std::map<std::string, std::string> attributes{};  ///< as they were set
  std::map<std::string, std::string> tags{};
  std::uint64_t last_sequence = 0;
  std::uint64_t unsubscribed = 0;  ///< `SubscriptionsDeleted`

  std::string arn() const;
  bool fifo() const { return name.ends_with(".fifo"); }
  bool flag(const char* attribute) const;
};

/// A typed value that travels beside a message.
struct Attribute {
  std::string data_type;
  std::string value;  ///< text, or raw bytes when the type is Binary
  bool is_binary() const { return data_type.starts_with("Binary"); }
};
using Attributes = std::map<std::string, Attribute>;

/// One message that was published.
struct Notification {
  std::string id;
  std::string topic;  ///< ARN
  std::string message;
  std::string subject{};
  Attributes attributes{};
  std::map<std::string, std::string> per_protocol{};  ///< with `MessageStructure` json
  std::string group{};
  std::string deduplication_id{};
  std::string sequence_number{};
  Instant published{};

  const std::string& text_for(const std::string& protocol) const;
};

/// Whether the subscription's filter policy lets it through.
bool passes(const Subscription& subscription, const Notification& notification);

/// What a subscriber gets that does not want the message raw: a JSON document. `base_url` is the server's.
std::string envelope(const Notification& notification, const Subscription& subscription,
                     std::string_view base_url);
/// The event of a function.
std::string lambda_event(const Notification& notification, const Subscription& subscription,
                         std::string_view base_url);
/// What asks an endpoint to confirm.
std::string confirmation(const Subscription& subscription, std::string_view message_id, Instant now,
                         std::string_view base_url);

AwsError invalid(std::string text);  ///< 400 InvalidParameter: `Invalid parameter: …`
AwsError no_such_topic();            ///< 404 NotFound
AwsError no_such_subscription();     ///< 404 NotFound

}  // namespace aviary::sns
