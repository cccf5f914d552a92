#pragma once

#include "app/delivery.hpp"
#include "ports/task_group.hpp"
#include "services/events/core/targets.hpp"

namespace aviary::app {

struct Parts;

/// Ships what rules send to whatever the emulator carries messages to, and to HTTP servers outside.
class EventTargets final : public events::Targets {
 public:
  explicit EventTargets(Parts& parts);

  void ship(events::Shipment shipment, Done done) override;
  void call(events::HttpCall call, Answered answered) override;
  bool reaches(const std::string& arn) const override;
  Task<> stop() override;

 private:
  Parts& parts_;
  TaskGroup calls_;
};

}  // namespace aviary::app
