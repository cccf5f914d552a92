#include "app/delivery.hpp"

#include <fmt/format.h>

namespace aviary::app {
namespace {

/// `sqs` of `arn:aws:sqs:…`; empty for what is no ARN.
std::string_view service_of(std::string_view arn) {
  if (!arn.starts_with("arn:")) return {};
  const std::size_t start = arn.find(':', 4);
  if (start == std::string_view::npos) return {};
  const std::size_t end = arn.find(':', start + 1);
  return end == std::string_view::npos ? std::string_view{} : arn.substr(start + 1, end - start - 1);
}

}  // namespace

void Delivery::send(Message message, Done done) const {
  const auto carrier = carriers_.find(service_of(message.target));
  if (carrier == carriers_.end()) {
    done(fmt::format("nothing here takes in what is sent to {}", message.target));
    return;
  }
  carrier->second(std::move(message), std::move(done));
}

bool Delivery::reaches(std::string_view arn) const { return carriers_.contains(service_of(arn)); }

}  // namespace aviary::app
