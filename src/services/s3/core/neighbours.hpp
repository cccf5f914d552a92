#pragma once

#include <string>

namespace aviary::s3 {

/// What a bucket tells about its objects, and to whom: as narrow as S3 needs it. The composition root ties it
/// to queues, topics and functions.
class EventTarget {
 public:
  virtual ~EventTarget() = default;
  struct Event {
    std::string account;  ///< the bucket's
    std::string region;
    std::string target;  ///< ARN of a queue, a topic, a function
    std::string body;    ///< `{"Records":[…]}`
  };
  virtual void deliver(Event event) = 0;
  /// Whether anything takes in what is sent to this ARN.
  virtual bool exists(const std::string& target) const = 0;
};

}  // namespace aviary::s3
