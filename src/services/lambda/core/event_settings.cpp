#include "services/lambda/core/event_settings.hpp"

#include "services/lambda/core/attachments.hpp"
#include "services/lambda/core/concurrency.hpp"

namespace aviary::lambda {
namespace {

std::string destination_in(const Json& config, const char* which) {
  const auto all = config.find("DestinationConfig");
  if (all == config.end()) return {};
  const auto one = all->find(which);
  return one == all->end() ? std::string() : one->value("Destination", "");
}

}  // namespace

EventSettings event_settings_of(const FunctionStore& store, const Function& function,
                                std::string_view qualifier) {
  EventSettings settings;
  const Json* config = store.attached(function, attachment::event_invoke_config, event_qualifier(qualifier));
  if (config) {
    settings.retries = config->value("MaximumRetryAttempts", settings.retries);
    if (const auto age = config->find("MaximumEventAgeInSeconds"); age != config->end())
      settings.maximum_age = std::chrono::seconds(age->get<std::int64_t>());
    settings.on_success = destination_in(*config, "OnSuccess");
    settings.on_failure = destination_in(*config, "OnFailure");
  }
  if (const Snapshot* snapshot = store.find_qualified(function, qualifier)) {
    const Json& recorded = snapshot->version->configuration->recorded;
    if (const auto letters = recorded.find("DeadLetterConfig");
        letters != recorded.end() && letters->is_object())
      settings.dead_letter_queue = letters->value("TargetArn", "");
  }
  settings.switched_off = reserved_of(store, function) == 0;
  return settings;
}

}  // namespace aviary::lambda
