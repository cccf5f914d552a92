#pragma once

#include "app/delivery.hpp"
#include "services/events/core/targets.hpp"

namespace aviary::app {

/// Ships what rules send to whatever the emulator carries messages to.
class EventTargets final : public events::Targets {
 public:
  explicit EventTargets(Delivery& delivery) : delivery_(delivery) {}

  void ship(events::Shipment shipment, Done done) override {
    delivery_.send({.account = std::move(shipment.sender.account),
                    .region = std::move(shipment.sender.region),
                    .target = std::move(shipment.target),
                    .body = std::move(shipment.body),
                    .group_id = std::move(shipment.group),
                    .deduplication_id = std::move(shipment.deduplication_id),
                    .attributes = std::move(shipment.attributes)},
                   std::move(done));
  }
  bool reaches(const std::string& arn) const override { return delivery_.reaches(arn); }

 private:
  Delivery& delivery_;
};

}  // namespace aviary::app
