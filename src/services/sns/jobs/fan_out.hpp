#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "ports/clock.hpp"
#include "ports/records.hpp"
#include "services/sns/core/subscribers.hpp"

namespace aviary::sns {

/// Sees parcels to their subscribers: tries again on the clock, as SNS's default delivery policy says, and at
/// the end gives what nobody took to the subscription's dead-letter queue. What is under way survives a
/// restart. Lives on the loop's thread.
class FanOut {
 public:
  /// `subscribers` may be null: nothing ever arrives.
  FanOut(Clock& clock, Journal& journal, Subscribers* subscribers);
  ~FanOut();
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  /// `dead_letters`: ARN of a queue, or empty.
  void send(Parcel parcel, std::string dead_letters);
  void restore();
  void clear();
  void stop();
  std::size_t under_way() const noexcept { return parcels_.size(); }

 private:
  struct UnderWay {
    Parcel parcel;
    std::string dead_letters;
    int retries = 0;
    TimerId timer = 0;
  };

  void attempt(std::uint64_t number);
  void settle(std::uint64_t number, const Arrival& arrival);
  void save(std::uint64_t number, const UnderWay& parcel);

  Clock& clock_;
  Subscribers* subscribers_;
  std::map<std::uint64_t, UnderWay> parcels_;
  std::uint64_t last_ = 0;
  Records<Json> records_;
  std::shared_ptr<bool> alive_;  ///< answers may come after the end
};

}  // namespace aviary::sns
