#pragma once

#include "ports/task_group.hpp"
#include "services/sns/core/subscribers.hpp"

namespace aviary::app {

struct Parts;

/// Hands what topics send over to queues, functions and HTTP servers.
class TopicSubscribers final : public sns::Subscribers {
 public:
  explicit TopicSubscribers(Parts& parts);
  void hand_over(sns::Parcel parcel, Done done) override;
  Task<> stop() override;

 private:
  Parts& parts_;
  TaskGroup posts_;
};

}  // namespace aviary::app
