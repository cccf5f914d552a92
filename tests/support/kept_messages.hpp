#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/lambda/core/event_observer.hpp"
#include "services/lambda/core/messenger.hpp"

namespace aviary::testing {

/// Keeps what was sent. Targets in `broken` are not reached.
class KeptMessages final : public lambda::Messenger {
 public:
  void send(lambda::OutgoingMessage message, Done done) override {
    const auto found = broken.find(message.target);
    messages.push_back(std::move(message));
    done(found == broken.end() ? std::nullopt : std::optional(found->second));
  }
  std::vector<lambda::OutgoingMessage> messages;
  std::map<std::string, std::string> broken;  ///< why, by target
};

/// Counts what happened to events.
class CountedEvents final : public lambda::EventObserver {
 public:
  void on_event(const lambda::EventNotice& notice) override { ++counts[notice.happening]; }
  std::map<lambda::EventHappening, int> counts;
};

}  // namespace aviary::testing
