#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {

void add_sns(Parts& parts) {
  parts.topic_subscribers = std::make_unique<TopicSubscribers>(parts);
  parts.sns =
      std::make_unique<sns::SnsService>(sns::SnsDependencies{.clock = parts.clock,
                                                             .ids = parts.sns_ids,
                                                             .journal = *parts.journal,
                                                             .subscribers = parts.topic_subscribers.get(),
                                                             .base_url = parts.endpoint()});
  parts.add(*parts.sns);
  parts.delivery.add("sns", [&topics = *parts.sns](Message message, const Delivery::Done& done) {
    sns::Notification draft{.id = {},
                            .topic = std::move(message.target),
                            .message = std::move(message.body),
                            .subject = message.subject.substr(0, 100),
                            .group = std::move(message.group_id),
                            .deduplication_id = std::move(message.deduplication_id)};
    for (auto& [name, value] : message.attributes)
      draft.attributes[name] = {.data_type = "String", .value = std::move(value)};
    for (auto& [name, value] : message.number_attributes)
      draft.attributes[name] = {.data_type = "Number", .value = std::move(value)};
    const Result<sns::Notification> published = topics.publish(std::move(draft));
    done(published ? std::nullopt : std::optional(published.error().message));
  });
}

}  // namespace aviary::app
