#include "services/logs/jobs/destination_target.hpp"

#include <utility>

#include "base/document.hpp"
#include "services/logs/core/destination.hpp"

namespace aviary::logs {

DestinationTarget::Place DestinationTarget::place_of(Scope scope, std::string destination_arn) const {
  const std::string_view name = destination_name(destination_arn);
  if (name.empty()) return {std::move(scope), std::move(destination_arn)};
  const ArnParts parts = parse_arn(destination_arn);
  Scope home{.account = parts.account, .region = parts.region};
  const Json* destination = destinations_.find(home, name);
  if (destination == nullptr) return {};
  return {std::move(home), text_of(*destination, "targetArn")};
}

Task<bool> DestinationTarget::exists(Scope scope, std::string destination_arn) {
  Place place = place_of(std::move(scope), std::move(destination_arn));
  if (behind_ == nullptr || place.arn.empty()) co_return false;
  const bool there = co_await behind_->exists(std::move(place.scope), std::move(place.arn));
  co_return there;
}

Task<bool> DestinationTarget::deliver(Scope scope, std::string destination_arn, std::string payload,
                                      std::string partition_key) {
  Place place = place_of(std::move(scope), std::move(destination_arn));
  if (behind_ == nullptr || place.arn.empty()) co_return false;
  const bool taken = co_await behind_->deliver(std::move(place.scope), std::move(place.arn),
                                               std::move(payload), std::move(partition_key));
  co_return taken;
}

}  // namespace aviary::logs
