#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/outside/aws_endpoint.hpp"
#include "services/lambda/core/event_sources.hpp"

namespace aviary::app {

/// What a queue's ARN says.
struct QueueName {
  std::string region, account, name;
};

/// Queues that are elsewhere, polled over SQS's JSON protocol. Lives on the loop's thread.
class OutsideQueues final : public lambda::QueueSource {
 public:
  OutsideQueues(std::unique_ptr<AwsEndpoint> endpoint, Clock& clock)
      : endpoint_(std::move(endpoint)), clock_(clock) {}

  std::optional<lambda::QueueFacts> find(std::string_view arn) override;
  Task<> look(std::string arn) override;
  Task<bool> wait(std::string arn, Instant until) override;
  Task<std::vector<lambda::QueueRecord>> receive(std::string arn, std::size_t count) override;
  Task<> remove(std::string arn, std::vector<std::string> receipt_handles) override;
  Task<> release(std::string arn, std::vector<std::string> receipt_handles) override;

 private:
  struct Known {
    std::string url;
    lambda::QueueFacts facts{};
  };
  /// The queue's URL; empty: there is none, or it cannot be asked.
  Task<std::string> url_of(std::string arn);
  Task<> batch(std::string arn, std::string operation, std::vector<std::string> handles, Json more);

  std::unique_ptr<AwsEndpoint> endpoint_;
  Clock& clock_;
  std::map<std::string, Known, std::less<>> known_;
};

}  // namespace aviary::app
