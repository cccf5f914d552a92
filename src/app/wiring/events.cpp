#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"

namespace aviary::app {

void add_events(Parts& parts) {
  parts.event_targets = std::make_unique<EventTargets>(parts);
  parts.events = std::make_unique<events::EventsService>(
      events::EventsDependencies{.clock = parts.clock,
                                 .ids = parts.events_ids,
                                 .journal = *parts.journal,
                                 .targets = parts.event_targets.get()});
  parts.add(*parts.events);
  parts.delivery.add("events", [&events = *parts.events](const Message& message, const Delivery::Done& done) {
    const Result<std::string> put =
        events.put({.account = message.account, .region = message.region}, message.target, message.source,
                   message.detail_type, message.body, message.resources);
    done(put ? std::nullopt : std::optional(put.error().message));
  });
}

}  // namespace aviary::app
