#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aviary::app {

/// What one part of the emulator sends to another: an alarm to a topic, a failed event to a queue.
struct Message {
  std::string account;  ///< of the sender
  std::string region;
  std::string target;      ///< ARN of a function (also of a version or alias), a queue, a topic, an event bus
  std::string body;        ///< UTF-8; for a function its event, JSON
  std::string subject{};   ///< topics only
  std::string group_id{};  ///< FIFO queues and topics only
  std::string deduplication_id{};                          ///< FIFO queues and topics only
  std::map<std::string, std::string> attributes{};         ///< message attributes, all of type String
  std::string source{};                                    ///< event buses: `source`
  std::string detail_type{};                               ///< event buses: `detail-type`
  std::map<std::string, std::string> number_attributes{};  ///< message attributes of type Number
  std::vector<std::string> resources{};                    ///< event buses: `resources`
  std::string trace_header{};  ///< X-Ray's: a queue's AWSTraceHeader, a function's X-Amzn-Trace-Id
  std::string object_key{};    ///< buckets only
};

/// Carries messages to whatever an ARN names. Services register what they take in under the service part of
/// their ARNs (`lambda`, `sqs`, `sns`, `events`), so that senders need not know them. Lives on the loop's
/// thread.
class Delivery {
 public:
  /// Nothing when it has arrived, else why not. Called once, now or later, on the loop.
  using Done = std::function<void(std::optional<std::string> problem)>;
  using Carrier = std::function<void(Message, Done)>;

  /// `service` as in an ARN: `sqs`.
  void add(std::string service, Carrier carrier) { carriers_[std::move(service)] = std::move(carrier); }
  void send(Message message, Done done) const;
  /// Whether something takes in what is sent to this ARN's service.
  bool reaches(std::string_view arn) const;

 private:
  std::map<std::string, Carrier, std::less<>> carriers_;
};

}  // namespace aviary::app
