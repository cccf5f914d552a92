#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aviary::sqs {

/// A typed value that travels beside a message's body.
struct MessageAttribute {
  std::string data_type;  ///< `String`, `Number`, `Binary`, each maybe with `.label`
  std::string value;      ///< text, or raw bytes when the type is Binary
  bool is_binary() const { return data_type.starts_with("Binary"); }
};
using MessageAttributes = std::map<std::string, MessageAttribute>;

/// What a sender gives.
struct Draft {
  std::string body;
  MessageAttributes attributes{};
  std::string trace_header{};
  std::string sender{};            ///< account, or the id of the principal
  std::string group{};             ///< `MessageGroupId`
  std::string deduplication_id{};  ///< FIFO queues only
};

struct Message {
  enum class State : std::uint8_t { Ready, Delayed, InFlight };

  std::uint64_t number = 0;  ///< its place in the order of arrival, unique among all queues
  std::string id;            ///< `MessageId`
  Draft content;
  std::string body_md5;  ///< hexadecimal
  Instant sent{};
  State state = State::Ready;
  Instant due{};  ///< not received before, when Delayed or InFlight
  std::uint32_t receives = 0;
  Instant first_received{};
  std::uint64_t receipt = 0;       ///< of the last receive; 0: never received
  std::string dead_letter_source;  ///< ARN of the queue that it was moved from

  /// `SequenceNumber` of a FIFO queue's message: 20 digits, ever growing.
  std::string sequence_number() const;
};

/// What a receiver may ask for beside the body: `SentTimestamp`, `ApproximateReceiveCount`, …
std::map<std::string, std::string> system_attributes(const Message& message);

/// As the journal keeps it.
void to_json(Json& json, const Message& message);
void from_json(const Json& json, Message& message);

/// Reads and checks `MessageAttributes` of a request.
Result<MessageAttributes> read_message_attributes(const Json& document);
/// The MD5 that senders and receivers compare, hexadecimal; empty when there are none.
std::string attributes_md5(const MessageAttributes& attributes);
/// What a message counts against the queue's limit: body, and names, types and values of attributes.
std::size_t size_of(const Draft& draft);
/// Refuses characters that XML 1.0 does not have.
Result<> check_characters(std::string_view body);
/// Refuses what MessageGroupId and MessageDeduplicationId may not be.
Result<> check_fifo_id(std::string_view id, std::string_view parameter);

}  // namespace aviary::sqs
