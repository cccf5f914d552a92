#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "gateway/service.hpp"

namespace aviary::app {

/// A service together with what it stands on: what is not said otherwise is the service's own answer.
class Forwarded : public Service {
 public:
  const models::Service& model() const override { return inner().model(); }
  Task<Result<Reply>> call(Call call) override { return own().call(std::move(call)); }
  std::vector<std::string_view> supported_operations() const override {
    return inner().supported_operations();
  }
  const ErrorShape* violation_error() const override { return inner().violation_error(); }
  void restore() override { own().restore(); }
  void reset() override { own().reset(); }
  Task<> stop() override { return own().stop(); }
  Json counts() const override { return inner().counts(); }

 private:
  virtual const Service& inner() const = 0;
  Service& own() { return const_cast<Service&>(inner()); }
};

}  // namespace aviary::app
