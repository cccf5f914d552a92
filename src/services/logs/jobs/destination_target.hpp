#pragma once

#include "ports/scoped_documents.hpp"
#include "services/logs/core/subscription_target.hpp"

namespace aviary::logs {

/// Sends what is for a destination of this service to the stream that stands behind it just then; all else
/// goes where it went.
class DestinationTarget final : public SubscriptionTarget {
 public:
  /// `behind` may be null: then nothing is there.
  DestinationTarget(const ScopedDocuments<Scope>& destinations, SubscriptionTarget* behind)
      : destinations_(destinations), behind_(behind) {}

  Task<bool> exists(Scope scope, std::string destination_arn) override;
  Task<bool> deliver(Scope scope, std::string destination_arn, std::string payload,
                     std::string partition_key) override;

 private:
  struct Place {
    Scope scope;
    std::string arn;  ///< empty: there is none
  };
  Place place_of(Scope scope, std::string destination_arn) const;

  const ScopedDocuments<Scope>& destinations_;
  SubscriptionTarget* behind_;
};

}  // namespace aviary::logs
