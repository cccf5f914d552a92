#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::wire {

/// One message of `application/vnd.amazon.eventstream`: lengths, checksums, headers (all of type string),
/// payload.
std::string event_message(const std::vector<std::pair<std::string_view, std::string_view>>& headers,
                          std::string_view payload);

/// An event of a modelled stream: `:event-type`, `:content-type`, `:message-type` event.
std::string event_message(std::string_view event_type, std::string_view content_type,
                          std::string_view payload);

inline constexpr std::string_view event_stream_content_type = "application/vnd.amazon.eventstream";

}  // namespace aviary::wire
