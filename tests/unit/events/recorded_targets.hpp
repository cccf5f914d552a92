#pragma once

#include <utility>
#include <vector>

#include "services/events/core/targets.hpp"

namespace aviary::events {

/// Takes everything in, and remembers it.
struct RecordedTargets : Targets {
  std::vector<Shipment> shipments;
  std::vector<HttpCall> calls;
  std::vector<int> answers;  ///< what HTTP servers say, one call after the other; then 200

  void ship(Shipment shipment, Done done) override {
    shipments.push_back(std::move(shipment));
    done(std::nullopt);
  }
  void call(HttpCall call, Answered answered) override {
    const int status = calls.size() < answers.size() ? answers[calls.size()] : 200;
    calls.push_back(std::move(call));
    answered({.status = status, .problem = status == 0 ? "nobody there" : ""});
  }
  bool reaches(const std::string&) const override { return true; }
  Task<> stop() override { co_return; }
};

}  // namespace aviary::events
