#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/logs/core/event_chunk.hpp"
#include "services/logs/core/filter_pattern.hpp"

namespace aviary::logs {

/// The text as well-formed UTF-8: each byte that belongs to no character becomes U+FFFD.
std::string to_utf8(std::string_view text);

/// What AWS calls `eventId`: 56 digits, unique, and in the order of the events.
std::string event_id(EventKey key);

/// RFC 1952. The same bytes give the same bytes.
std::string gzip(std::string_view bytes);

/// An event on its way to a subscriber.
struct SubscribedEvent {
  EventKey key;
  std::string text;
  Extracted fields;  ///< `$name` → value, of a pattern with columns
};

/// What a subscriber is sent before it is compressed: `messageType` DATA_MESSAGE and so on. `of_account`: the
/// filter is an account's policy.
std::string subscription_message(std::string_view account, std::string_view group, std::string_view stream,
                                 std::string_view filter, bool of_account,
                                 const std::vector<SubscribedEvent>& events);

}  // namespace aviary::logs
