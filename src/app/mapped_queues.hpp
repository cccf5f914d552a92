#pragma once

#include "services/lambda/core/event_sources.hpp"
#include "services/sqs/api/sqs_service.hpp"

namespace aviary::app {

/// SQS as Lambda's event source mappings see it.
class MappedQueues final : public lambda::QueueSource {
 public:
  explicit MappedQueues(sqs::SqsService& queues) : queues_(queues) {}

  std::optional<lambda::QueueFacts> find(std::string_view arn) override;
  Task<bool> wait(std::string arn, Instant until) override;
  Task<std::vector<lambda::QueueRecord>> receive(std::string arn, std::size_t count) override;
  Task<> remove(std::string arn, std::vector<std::string> receipt_handles) override;
  Task<> release(std::string arn, std::vector<std::string> receipt_handles) override;

 private:
  sqs::SqsService& queues_;
};

}  // namespace aviary::app
