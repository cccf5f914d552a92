#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {

void add_sqs(Parts& parts) {
  parts.sqs = std::make_unique<sqs::SqsService>(
      sqs::SqsDependencies{.clock = parts.clock, .ids = parts.sqs_ids, .journal = *parts.journal});
  parts.add(*parts.sqs);
  parts.mapped_queues = std::make_unique<MappedQueues>(*parts.sqs);
  parts.lambda->mappings().engine().attach(parts.mapped_queues.get());
  parts.delivery.add("sqs", [&queues = *parts.sqs](Message message, const Delivery::Done& done) {
    sqs::Draft draft{.body = std::move(message.body),
                     .sender = message.account,
                     .group = std::move(message.group_id),
                     .deduplication_id = std::move(message.deduplication_id)};
    for (auto& [name, value] : message.attributes)
      draft.attributes[name] = {.data_type = "String", .value = std::move(value)};
    for (auto& [name, value] : message.number_attributes)
      draft.attributes[name] = {.data_type = "Number", .value = std::move(value)};
    const Result<sqs::Sent> sent = queues.send(sqs::parse_queue_arn(message.target), std::move(draft));
    done(sent ? std::nullopt : std::optional(sent.error().message));
  });
}

}  // namespace aviary::app
