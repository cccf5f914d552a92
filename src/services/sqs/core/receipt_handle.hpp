#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aviary::sqs {

/// What a receiver shows to delete a message or to change its visibility: opaque to it, and good for one
/// receive of one message of one queue.
struct ReceiptHandle {
  std::string queue;          ///< uid
  std::uint64_t number = 0;   ///< of the message
  std::uint64_t receipt = 0;  ///< of the receive

  std::string encode() const;
  static std::optional<ReceiptHandle> decode(std::string_view text);
};

}  // namespace aviary::sqs
