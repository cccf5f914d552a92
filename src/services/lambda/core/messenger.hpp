#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// A message attribute as queues and topics have them.
struct MessageAttribute {
  std::string name;
  std::string value;
  bool number = false;  ///< of type Number, else String
};

/// What became of an event, on its way to a queue, a topic, a bus, a bucket or another function.
struct OutgoingMessage {
  Scope from;
  std::string target;  ///< an ARN
  std::string body;
  std::vector<MessageAttribute> attributes{};
  std::string trace_id{};                ///< X-Ray's header
  std::string source{};                  ///< event buses
  std::string detail_type{};             ///< event buses
  std::vector<std::string> resources{};  ///< event buses
  std::string object_key{};              ///< buckets
};

/// Carries messages to whatever an ARN names. The service says what it needs; the application does it.
class Messenger {
 public:
  virtual ~Messenger() = default;
  /// Nothing when it has arrived, else why not. Called once, on the loop, now or later.
  using Done = std::function<void(std::optional<std::string> problem)>;
  virtual void send(OutgoingMessage message, Done done) = 0;
};

/// Nothing takes a message in: all are refused.
class NoMessenger final : public Messenger {
 public:
  void send(OutgoingMessage message, Done done) override {
    done("nothing here takes in what is sent to " + message.target);
  }
};

}  // namespace aviary::lambda
